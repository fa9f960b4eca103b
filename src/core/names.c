/*
 * names.c
 *	  The words of the lifecycle's numbers: the API's, history()'s, the outbox's.
 */
#include "lifecycle.h"

static const char *
word(const char *const *words, int n, int i)
{
	return i >= 0 && i < n ? words[i] : NULL;
}

const char *
qc_verdict_name(int verdict)
{
	static const char *const words[QC_VERDICTS] = {
		"none", "accepted", "challenge", "rejected", "expired", "frozen",
		"elsewhere", "done"
	};

	return word(words, QC_VERDICTS, verdict);
}

const char *
qc_next_name(int next)
{
	static const char *const words[QC_NEXTS] = {
		"none", "second_code", "password", "renew", "stop"
	};

	return word(words, QC_NEXTS, next);
}

const char *
qc_reason_name(int reason)
{
	static const char *const words[QC_REASONS] = {
		"none", "malformed", "unknown", "forged", "stale", "kind", "wrong",
		"replayed", "window", "superseded", "no_challenge", "text", "frozen",
		"void", "expired", "closed", "skew", "registration", "repeated",
		"limit", "bucket", "ticket_used", "ticket_expired", "answer",
		"not_latest", "flood", "no_password", "wait", "unbound", "taken",
		"payment", "session"
	};

	return word(words, QC_REASONS, reason);
}

const char *
qc_event_name(int kind)
{
	static const char *const words[QC_EVENT_KINDS] = {
		"refused", "static", "rotating", "second", "typed", "password",
		"download", "ticket", "freeze", "void", "registration", "renewal",
		"reissue", "cancel", "epoch", "count", "login", "biometric",
		"verification", "binding", "package"
	};

	return word(words, QC_EVENT_KINDS, kind);
}

const char *
qc_notice_name(int notice)
{
	static const char *const words[QC_NOTICES] = {
		"none", "download", "frozen", "released", "voided", "warning", "alert",
		"renewed", "operator", "renew", "expiring", "verification",
		"device_code", "device", "bound"
	};

	return word(words, QC_NOTICES, notice);
}

const char *
qc_state_name(QcState state)
{
	static const char *const words[] = {
		"waiting", "open", "frozen", "expired", "void"
	};

	return words[state];
}
