/*
 * verdict.c
 *	  From an outcome to a row of qrcred.verification.
 */
#include "qrcred.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "verdict.h"

enum
{
	COL_VERDICT,
	COL_NEXT,
	COL_CREDENTIAL_ID,
	COL_CUSTOMER_REF,
	COL_ISSUER,
	COL_TIER,
	COL_CHALLENGE,
	COL_CHALLENGE_SECONDS,
	COL_TRIES_LEFT,
	COL_MESSAGE,
	COL_ATTEMPT_NO,
	COL_REPEATED,
	COLUMNS
};

/* Words for a person; they follow from what the row tells anyway. */
static char *
message(const QrAnswer *a)
{
	const QcOutcome *o = &a->outcome;
	bool		zh = a->lang == QR_LANG_ZH;

	switch (o->verdict)
	{
		case QC_ACCEPTED:
			if (o->next == QC_NEXT_PASSWORD)
				return zh ? "已通过，请输入账户密码。" :
					"Accepted. Ask for the account password.";
			return zh ? "已通过。" : "Accepted.";
		case QC_CHALLENGE:
			return zh ? "请客户在手机上输入这组数字，然后扫描新的二维码。" :
				"The customer types these digits into the wallet; then scan the second code.";
		case QC_EXPIRED:
			return zh ? "凭证已过期，请在手机上更新。" :
				"The credential has expired. The customer can renew it in the wallet.";
		case QC_FROZEN:
			if (o->next == QC_NEXT_STOP)
				return zh ? "凭证已作废，请联系发卡单位。" :
					"The credential is no longer valid. Please contact the issuer.";
			return zh ? "凭证已冻结，请稍后再试或联系发卡单位。" :
				"The credential is frozen. Try later or contact the issuer.";
		case QC_ELSEWHERE:
			return zh ? "该凭证不在本库。" : "The credential lives in another database.";
		default:
			if (o->tries_left > 0)
				return psprintf(zh ? "未通过，还可尝试 %d 次。" :
								"Rejected. Tries left: %d.", o->tries_left);
			if (o->tries_left == 0)
				return zh ? "未通过，已无剩余次数。" : "Rejected. No tries are left.";
			return zh ? "未通过。" : "Rejected.";
	}
}

bool
qr_tells_customer(const QcOutcome *outcome)
{
	return outcome->verdict == QC_ACCEPTED || outcome->verdict == QC_CHALLENGE;
}

Datum
qr_answer(FunctionCallInfo fcinfo, QrAnswer *a)
{
	const QcOutcome *o = &a->outcome;
	bool		is_told = qr_tells_customer(o);
	TupleDesc	desc;
	Datum		values[COLUMNS] = {0};
	bool		isnull[COLUMNS];
	char		tier[2] = {(char) o->tier, '\0'};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != COLUMNS)
		elog(ERROR, "return type is not qrcred.verification");
	desc = BlessTupleDesc(desc);

	memset(isnull, true, sizeof(isnull));
	values[COL_VERDICT] = CStringGetTextDatum(qc_verdict_name(o->verdict));
	values[COL_NEXT] = CStringGetTextDatum(qc_next_name(o->next));
	values[COL_MESSAGE] = CStringGetTextDatum(message(a));
	values[COL_REPEATED] = BoolGetDatum(o->repeated);
	isnull[COL_VERDICT] = isnull[COL_NEXT] = false;
	isnull[COL_MESSAGE] = isnull[COL_REPEATED] = false;
	if (a->credential_id != 0)
	{
		values[COL_CREDENTIAL_ID] = Int64GetDatum(a->credential_id);
		isnull[COL_CREDENTIAL_ID] = false;
	}
	if (is_told)
	{
		values[COL_CUSTOMER_REF] = CStringGetTextDatum(a->customer_ref);
		values[COL_ISSUER] = CStringGetTextDatum(a->issuer);
		isnull[COL_CUSTOMER_REF] = isnull[COL_ISSUER] = false;
	}
	if (o->verdict == QC_ACCEPTED && o->tier != 0)
	{
		values[COL_TIER] = CStringGetTextDatum(tier);
		isnull[COL_TIER] = false;
	}
	if (is_told && a->challenge[0] != '\0')
	{
		values[COL_CHALLENGE] = CStringGetTextDatum(a->challenge);
		values[COL_CHALLENGE_SECONDS] = Int32GetDatum(a->challenge_seconds);
		isnull[COL_CHALLENGE] = isnull[COL_CHALLENGE_SECONDS] = false;
	}
	if (o->tries_left >= 0)
	{
		values[COL_TRIES_LEFT] = Int32GetDatum(o->tries_left);
		isnull[COL_TRIES_LEFT] = false;
	}
	if (o->attempt_no > 0)
	{
		values[COL_ATTEMPT_NO] = Int64GetDatum(o->attempt_no);
		isnull[COL_ATTEMPT_NO] = false;
	}
	qc_wipe(a->challenge, sizeof(a->challenge));
	return HeapTupleGetDatum(heap_form_tuple(desc, values, isnull));
}
