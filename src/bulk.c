/*
 * bulk.c
 *	  Credentials for many customers in one statement.
 *
 * Everything that can fail for one customer is done first, and says so in that
 * customer's row; what is left is inserted in the order of the ids, which the
 * indexes like best.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "issuing.h"
#include "master.h"
#include "miscadmin.h"
#include "store/publish.h"
#include "store/relations.h"
#include "text.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define MANY_MAX	5000000
#define PROGRESS	10000

PG_FUNCTION_INFO_V1(qrcred_issue_many);

/* One credential to be made. */
typedef struct NewCredential
{
	char	   *customer_ref;
	const char *error;			/* NULL: none */
	int64		customer_id;
	QcStrike	strike;
} NewCredential;

static char **
references(FunctionCallInfo fcinfo, int *count)
{
	Datum	   *elements;
	bool	   *isnull;
	char	  **refs;
	int			i;

	qr_require(fcinfo, 1, "customer_refs");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &isnull, count);
	if (*count > MANY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"customer_refs\" must hold at most %d references", MANY_MAX)));
	refs = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * Max(*count, 1));
	for (i = 0; i < *count; i++)
		refs[i] = isnull[i] ? NULL : TextDatumGetCString(elements[i]);
	return refs;
}

/* The customer and the digest of his data; an error of his own becomes item->error. */
static void
prepare(NewCredential *item, const QrTerms *terms, int64 valid_until)
{
	QrCustomer	customer;
	uint16		bucket;
	uint64		random;

	if (item->customer_ref == NULL)
	{
		item->error = "the reference is null";
		return;
	}
	if (!qr_customer_find(terms->issuer_id, item->customer_ref, &customer))
	{
		item->error = "no such customer of the issuer";
		return;
	}
	SPI_freetuptable(SPI_tuptable);
	if (qr_is_forgotten(&customer))
	{
		item->error = "the customer's data was erased";
		return;
	}
	item->customer_id = customer.customer_id;
	qr_first_strike(terms, &customer, valid_until, &item->strike);
	bucket = qr_own_bucket(item->customer_ref);
	if (!pg_strong_random(&random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a credential id"),
				 errdetail("The source of randomness failed.")));
	item->strike.id = qc_make_id(bucket, random);
}

/*
 * As prepare(), with whatever it raises kept to this customer; each is a
 * context for what it leaves behind.
 */
static void
prepare_apart(NewCredential *item, const QrTerms *terms, int64 valid_until,
			  MemoryContext each)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	/* reads, but for the note of a key's first use: few take a transaction id */
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		MemoryContextSwitchTo(each);
		prepare(item, terms, valid_until);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(error);
		item->error = error->message;
	}
	PG_END_TRY();
	MemoryContextReset(each);
}

static int
by_id(const void *a, const void *b)
{
	int64		x = (*(NewCredential *const *) a)->strike.id;
	int64		y = (*(NewCredential *const *) b)->strike.id;

	return x < y ? -1 : x > y;
}

static void
say_progress(const char *what, int done, int all)
{
	if (done % PROGRESS == 0)
		ereport(NOTICE, (errmsg("%s: %d of %d", what, done, all)));
}

/* The row that the caller sees, made with the credential's own rows. */
static void
make(NewCredential *item, const QrTerms *terms, ReturnSetInfo *rsinfo)
{
	char		ticket[QC_TOKEN_TEXT + 1];
	Datum		row[5] = {0};
	bool		isnull[5] = {item->customer_ref == NULL, true, true, true, true};

	if (item->customer_ref != NULL)
		row[0] = CStringGetTextDatum(item->customer_ref);
	if (item->error != NULL)
	{
		row[4] = CStringGetTextDatum(item->error);
		isnull[4] = false;
	}
	else
	{
		QrIssued	issued = {0};

		issued.issuer_id = terms->issuer_id;
		issued.customer_id = item->customer_id;
		issued.kind = QR_CREDENTIAL_KEYS;
		issued.customer_ref = item->customer_ref;
		issued.purpose = terms->purpose;
		issued.face_value = "";
		issued.valid_from = item->strike.valid_until - (int64) terms->valid_days * QR_DAY;
		issued.valid_days = terms->valid_days;
		qr_insert_credential(&issued, &item->strike);
		qr_make_ticket(terms, &item->strike, ticket);
		row[1] = Int64GetDatum(item->strike.id);
		row[2] = CStringGetTextDatum(ticket);
		isnull[1] = isnull[2] = false;
		if (terms->wallet_url[0] != '\0')
		{
			row[3] = CStringGetTextDatum(psprintf("%s#%s", terms->wallet_url, ticket));
			isnull[3] = false;
		}
		qc_wipe(ticket, sizeof(ticket));
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row, isnull);
}

/* issue_many(issuer, customer_refs) */
Datum
qrcred_issue_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *issuer = qr_text_arg(fcinfo, 0, "issuer", NULL);
	int			n;
	char	  **refs = references(fcinfo, &n);
	NewCredential	   *items = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(NewCredential) * Max(n, 1));
	NewCredential	  **order = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(NewCredential *) * Max(n, 1));
	MemoryContext each;
	QrTerms		terms;
	int64		valid_until;
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	qr_store_ready();
	SPI_connect();
	qr_terms_of(issuer, &terms);
	qr_require_issuer(terms.issuer_id, "issuer");
	valid_until = qr_unix_now() / QC_USEC + (int64) terms.valid_days * QR_DAY;
	if (valid_until > PG_UINT32_MAX)
		qr_check(QC_E_TIME, "valid_days");
	each = AllocSetContextCreate(CurrentMemoryContext, "qrcred issue_many",
								 ALLOCSET_DEFAULT_SIZES);
	for (i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		memset(&items[i], 0, sizeof(NewCredential));
		items[i].customer_ref = refs[i];
		prepare_apart(&items[i], &terms, valid_until, each);
		order[i] = &items[i];
		say_progress("customers read", i + 1, n);
	}
	qsort(order, n, sizeof(NewCredential *), by_id);
	for (i = 0; i < n; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(each);

		CHECK_FOR_INTERRUPTS();
		make(order[i], &terms, rsinfo);
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
		say_progress("credentials made", i + 1, n);
	}
	SPI_finish();
	return (Datum) 0;
}
