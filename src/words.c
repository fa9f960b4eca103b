/*
 * words.c
 *	  The words of the log's numbers, for the views and functions in SQL.
 */
#include "qrcred.h"

#include "core/lifecycle.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(qrcred_log_word);

/* log_word(sort, number): sort is kind, verdict, reason or notice; null for an unknown number. */
Datum
qrcred_log_word(PG_FUNCTION_ARGS)
{
	char	   *sort = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			n = PG_GETARG_INT32(1);
	const char *word = NULL;

	if (strcmp(sort, "kind") == 0)
		word = qc_event_name(n);
	else if (strcmp(sort, "verdict") == 0)
		word = qc_verdict_name(n);
	else if (strcmp(sort, "reason") == 0)
		word = qc_reason_name(n);
	else if (strcmp(sort, "notice") == 0)
		word = qc_notice_name(n);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"sort\" must be kind, verdict, reason or notice")));
	if (word == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(word));
}
