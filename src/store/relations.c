/*
 * relations.c
 *	  The store's tables: found by name once, checked, and cached until an
 *	  invalidation says that something about them changed.
 */
#include "postgres.h"

#include "store/relations.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#define STORE_SCHEMA	"qrcred_store"
#define MAX_COLUMNS		64

typedef struct ColumnSpec
{
	const char *name;
	Oid			type;
} ColumnSpec;

typedef struct RelSpec
{
	const char *name;
	char		relkind;
	int			direct;			/* written by heap_insert: so many columns are not null,
								 * and there is no index but the one named */
	int			nkeys;
	AttrNumber	keys[2];		/* the columns of the index for look-ups */
	ColumnSpec	columns[MAX_COLUMNS];	/* in order; ends at a null name */
} RelSpec;

static const RelSpec spec[QR_RELS] = {
	[QR_REL_ISSUER] = {"issuer", RELKIND_RELATION, 0, 1, {1}, {
		{"issuer_id", INT4OID}, {"code", TEXTOID}, {"name", TEXTOID},
		{"purpose", TEXTOID}, {"digits", INT4OID},
		{"challenge_seconds", INT4OID}, {"strike_limit", INT4OID},
		{"freeze_seconds", INT4OID}, {"freeze_cap_seconds", INT4OID},
		{"max_freezes", INT4OID}, {"freeze_memory_days", INT4OID},
		{"wallet_skew_seconds", INT4OID}, {"skew_ahead", BOOLOID},
		{"second_scan_required", BOOLOID}, {"static_alone", BOOLOID},
		{"typed", BOOLOID}, {"ask_password", BOOLOID},
	{"sync_standby", BOOLOID}, {"notify", BOOLOID}, {"lang", TEXTOID}, {"valid_days", INT4OID},
	{"renew_grace_days", INT4OID}, {"activation", TEXTOID},
	{"ticket_hours", INT4OID}, {"tier_limits", JSONBOID},
	{"verification", TEXTOID}, {"store_card_password", BOOLOID}}},
	[QR_REL_GATEWAY] = {"gateway", RELKIND_RELATION, 0, 1, {2}, {
		{"gateway_id", INT4OID}, {"gateway", TEXTOID}, {"name", TEXTOID},
	{"role_name", NAMEOID}, {"enabled", BOOLOID}}},
	[QR_REL_CREDENTIAL] = {"credential", RELKIND_RELATION, 0, 1, {1}, {
		{"credential_id", INT8OID}, {"issuer_id", INT4OID},
		{"customer_id", INT8OID}, {"kind", INT2OID},
	{"customer_ref", TEXTOID}}},
	[QR_REL_CUSTOMER] = {"customer", RELKIND_RELATION, 0, 1, {1}, {
		{"customer_id", INT8OID}, {"issuer_id", INT4OID},
		{"customer_ref", TEXTOID}, {"kid", INT2OID}, {"full_name", BYTEAOID},
		{"id_number", BYTEAOID}, {"phone", BYTEAOID},
		{"answer_id_number", BYTEAOID}, {"answer_phone", BYTEAOID},
	{"answer_id_last4", BYTEAOID}, {"password_hash", TEXTOID}}},
	[QR_REL_STRIKE] = {"strike", RELKIND_RELATION, 57, 1, {1}, {
		{"id", INT8OID}, {"attempt_no", INT8OID}, {"valid_until", INT8OID},
		{"frozen_until", INT8OID}, {"frozen_at", INT8OID},
		{"challenge_no", INT8OID}, {"challenge_until", INT8OID},
		{"accept_no", INT8OID}, {"accept_at", INT8OID},
		{"step_rotating", INT8OID}, {"step_biometric", INT8OID},
		{"step_renewal", INT8OID}, {"request_no", INT8OID},
		{"request_at", INT8OID}, {"ticket_used_at", INT8OID},
		{"window_at", INT8OID}, {"window_count", INT8OID},
		{"window_logged_at", INT8OID},
		{"digest_1", UUIDOID}, {"digest_2", UUIDOID}, {"nonce", UUIDOID},
		{"text_1", UUIDOID}, {"text_2", UUIDOID},
		{"previous_nonce", UUIDOID}, {"previous_text_1", UUIDOID},
		{"previous_text_2", UUIDOID}, {"request", UUIDOID},
		{"wallet_nonce", UUIDOID}, {"seal", UUIDOID}, {"mac", UUIDOID},
		{"challenge_gateway", INT4OID}, {"accept_gateway", INT4OID},
		{"ticket_serial", INT4OID}, {"freeze_no", INT4OID},
		{"flags", INT4OID}, {"issuer_id", INT4OID},
		{"generation", INT2OID}, {"kid", INT2OID},
		{"strikes_second", INT2OID}, {"strikes_password", INT2OID},
		{"strikes_verification", INT2OID}, {"strikes_biometric", INT2OID},
		{"marks", INT2OID}, {"freezes", INT2OID},
		{"challenge_state", INT2OID}, {"challenge_digits", INT2OID},
		{"previous_digits", INT2OID}, {"ticket_state", INT2OID},
		{"ticket_wrong", INT2OID}, {"accept_settled", INT2OID},
		{"accept_tier", INT2OID}, {"request_verdict", INT2OID},
		{"request_reason", INT2OID}, {"request_next", INT2OID},
		{"request_tier", INT2OID}, {"request_tries", INT2OID},
	{"seal_kid", INT2OID}}},
	[QR_REL_RELEASE] = {"release", RELKIND_RELATION, 0, 2, {1, 2}, {
		{"credential_id", INT8OID}, {"freeze_no", INT4OID},
	{"mac", UUIDOID}, {"kid", INT2OID}}},
	[QR_REL_KEY_CHECK] = {"key_check", RELKIND_RELATION, 0, 1, {1}, {
	{"kid", INT2OID}, {"check_value", BYTEAOID}}},
	[QR_REL_BUCKET] = {"bucket", RELKIND_RELATION, 0, 1, {1}, {
	{"first", INT4OID}, {"last", INT4OID}, {"owned", BOOLOID}}},
	[QR_REL_OUTBOX] = {"outbox", RELKIND_RELATION, 9, 1, {1}, {
		{"outbox_id", INT8OID}, {"credential_id", INT8OID},
		{"made", TIMESTAMPTZOID}, {"idempotency_key", UUIDOID},
		{"subject", UUIDOID}, {"gateway_id", INT4OID}, {"ticket_serial", INT4OID},
		{"kind", INT2OID}, {"failures", INT2OID}, {"taken", TIMESTAMPTZOID},
	{"done", TIMESTAMPTZOID}, {"failure", TEXTOID}}},
	[QR_REL_ATTEMPT] = {"attempt", RELKIND_PARTITIONED_TABLE, 15, 2, {2, 1}, {
		{"at", TIMESTAMPTZOID}, {"owner", INT8OID}, {"attempt_no", INT8OID},
		{"moment", INT8OID}, {"actor", OIDOID}, {"gateway", INT4OID},
		{"seal", UUIDOID}, {"kind", INT2OID}, {"factor", INT2OID},
		{"verdict", INT2OID}, {"reason", INT2OID}, {"tier", INT2OID},
		{"freeze_no", INT2OID}, {"generation", INT2OID},
	{"kid", INT2OID}}},
};

static bool is_checked = false;
static uint64 state = 1;		/* of tables and announced rows; see qr_store_state() */
static uint64 changes = 0;		/* counts invalidations, to see one during a check */
static Oid	schema_oid = InvalidOid;
static Oid	owner_oid = InvalidOid;
static Oid	rel_oid[QR_RELS];
static Oid	index_oid[QR_RELS];
static bool is_announced[QR_RELS];
static Oid	leaf_oid = InvalidOid;	/* the leaf checked last; forgotten when it or
									 * the attempt log changes */
static Oid	leaf_index_oid = InvalidOid;
static TimestampTz leaf_from;	/* it holds moments from here */
static TimestampTz leaf_to;		/* to before here */

static void
forget_check(void)
{
	is_checked = false;
	state++;
}

static void
relation_changed(Datum arg, Oid relid)
{
	int			i;

	changes++;
	if (!OidIsValid(relid))
	{
		forget_check();
		leaf_oid = InvalidOid;
		return;
	}
	if (relid == leaf_oid || relid == leaf_index_oid ||
		relid == rel_oid[QR_REL_ATTEMPT])
		leaf_oid = InvalidOid;
	for (i = 0; i < QR_RELS; i++)
		if (relid == rel_oid[i] || relid == index_oid[i])
			forget_check();
}

static void
schema_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
	forget_check();
	leaf_oid = InvalidOid;
}

void
qr_relations_init(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, (Datum) 0);
}

uint64
qr_store_state(void)
{
	AcceptInvalidationMessages();
	return is_checked ? state : 0;
}

bool
qr_rel_is_announced(QrRel which)
{
	return is_announced[which];
}

/* A store that is not as built is refused, naming the table and what is wrong. */
static void
refuse(const char *relname, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"" STORE_SCHEMA ".%s\" is not as create_store() made it", relname),
			 errdetail("%s", what),
			 errhint("Undo the change, or take the store up again with qrcred.upgrade_store().")));
}

bool
qr_extension(const char *name, Oid *owner, Oid *schema)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(name));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		*owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
		*schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

static void
check_columns(Relation rel, const RelSpec *s)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			i;

	for (i = 0; s->columns[i].name != NULL; i++)
	{
		Form_pg_attribute a;

		if (i >= desc->natts)
			refuse(s->name, "A column is missing.");
		a = TupleDescAttr(desc, i);
		if (a->attisdropped || a->atttypid != s->columns[i].type ||
			strcmp(NameStr(a->attname), s->columns[i].name) != 0)
			refuse(s->name, "Its columns differ.");
		if (i < s->direct && !a->attnotnull)
			refuse(s->name, "A column may be null.");
	}
}

/* Triggers of the store's own guards and of constraints are expected. */
static void
check_triggers(Relation rel, const char *name)
{
	TriggerDesc *t = rel->trigdesc;
	int			i;

	if (t == NULL)
		return;
	for (i = 0; i < t->numtriggers; i++)
		if (!t->triggers[i].tgisinternal &&
			get_func_namespace(t->triggers[i].tgfoid) != schema_oid)
			refuse(name, "It has a trigger that is not the store's.");
}

/*
 * Whether each change of a row, and TRUNCATE, calls the store's announce()
 * whatever a session sets.  A store without these triggers works as well; its
 * rows are read each time.
 */
static bool
has_announcers(Relation rel)
{
	TriggerDesc *t = rel->trigdesc;
	bool		of_rows = false;
	bool		of_truncate = false;
	int			i;

	for (i = 0; t != NULL && i < t->numtriggers; i++)
	{
		const Trigger *trigger = &t->triggers[i];
		char	   *name;

		if (trigger->tgisinternal || trigger->tgenabled != TRIGGER_FIRES_ALWAYS ||
			trigger->tgqual != NULL || trigger->tgnattr != 0 ||
			!TRIGGER_FOR_BEFORE(trigger->tgtype))
			continue;
		name = get_func_name(trigger->tgfoid);
		if (name == NULL || strcmp(name, "announce") != 0)
			continue;
		if (TRIGGER_FOR_ROW(trigger->tgtype))
			of_rows |= TRIGGER_FOR_INSERT(trigger->tgtype) &&
				TRIGGER_FOR_UPDATE(trigger->tgtype) &&
				TRIGGER_FOR_DELETE(trigger->tgtype);
		else
			of_truncate |= TRIGGER_FOR_TRUNCATE(trigger->tgtype);
	}
	return of_rows && of_truncate;
}

static bool
is_lookup_index(Relation index, const RelSpec *s)
{
	Form_pg_index form = index->rd_index;
	int			i;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid ||
		form->indnkeyatts != s->nkeys || form->indnatts != s->nkeys ||
		RelationGetIndexExpressions(index) != NIL ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	for (i = 0; i < s->nkeys; i++)
	{
		if (form->indkey.values[i] != s->keys[i])
			return false;
		/* look-ups by text compare with the C collation */
		if (s->columns[s->keys[i] - 1].type == TEXTOID &&
			index->rd_indcollation[i] != C_COLLATION_OID)
			return false;
	}
	return true;
}

static Oid
check_indexes(Relation rel, const RelSpec *s)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;
	Oid			found = InvalidOid;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		/* a partitioned index has no btree of its own to look at */
		if (!OidIsValid(found) &&
			(index->rd_rel->relkind == RELKIND_PARTITIONED_INDEX ||
			 is_lookup_index(index, s)))
			found = RelationGetRelid(index);
		index_close(index, AccessShareLock);
	}
	if (!OidIsValid(found))
		refuse(s->name, "The index for look-ups is missing.");
	if (s->direct && list_length(indexes) != 1)
		refuse(s->name, "It has an index that is not the store's.");
	list_free(indexes);
	return found;
}

static void
check_relation(Relation rel, const RelSpec *s, const char *name, char relkind)
{
	Form_pg_class c = rel->rd_rel;

	if (c->relowner != owner_oid)
		refuse(name, "Its owner is not the extension's owner.");
	if (c->relkind != relkind || c->relpersistence != RELPERSISTENCE_PERMANENT)
		refuse(name, "It is no permanent table.");
	if (relkind == RELKIND_RELATION && c->relam != HEAP_TABLE_AM_OID)
		refuse(name, "Its access method is not heap.");
	if (c->relhasrules || c->relrowsecurity || c->relforcerowsecurity)
		refuse(name, "It has a rule or row security.");
	if (relkind == RELKIND_RELATION && c->relhassubclass)
		refuse(name, "Another table inherits from it.");
	check_columns(rel, s);
	check_triggers(rel, name);
}

static void
check_store(void)
{
	uint64		before = changes;
	HeapTuple	tuple;
	Oid			schema_owner;
	Oid			extension_schema;
	int			i;

	schema_oid = get_namespace_oid(STORE_SCHEMA, true);
	if (!OidIsValid(schema_oid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is no store in this database"),
				 errhint("Make one with SELECT qrcred.create_store().")));
	if (!qr_extension("qrcred", &owner_oid, &extension_schema))
		elog(ERROR, "extension qrcred is missing");
	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema_oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema_oid);
	schema_owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	if (schema_owner != owner_oid)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema \"" STORE_SCHEMA "\" is not owned by the extension's owner")));

	for (i = 0; i < QR_RELS; i++)
	{
		Relation	rel;

		rel_oid[i] = get_relname_relid(spec[i].name, schema_oid);
		if (!OidIsValid(rel_oid[i]))
			refuse(spec[i].name, "It does not exist.");
		rel = relation_open(rel_oid[i], AccessShareLock);
		check_relation(rel, &spec[i], spec[i].name, spec[i].relkind);
		index_oid[i] = check_indexes(rel, &spec[i]);
		is_announced[i] = has_announcers(rel);
		relation_close(rel, AccessShareLock);
	}
	is_checked = changes == before;
}

void
qr_store_ready(void)
{
	int			tries;

	for (tries = 0; !is_checked; tries++)
	{
		if (tries == 10)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the store is being changed"),
					 errhint("Try again.")));
		check_store();
	}
}

Relation
qr_rel_open(QrRel which, LOCKMODE lock)
{
	for (;;)
	{
		Relation	rel;

		qr_store_ready();
		rel = try_relation_open(rel_oid[which], lock);
		if (rel == NULL)
			forget_check();
		else if (is_checked)
			return rel;
		else
			relation_close(rel, lock);
	}
}

Oid
qr_rel_index(QrRel which)
{
	return index_oid[which];
}

/* The leaf's oid for the moment at, or invalid: a look at the cached bounds. */
static Oid
find_leaf(Relation attempt, TimestampTz at, TimestampTz *from, TimestampTz *to)
{
	PartitionKey key = RelationGetPartitionKey(attempt);
	PartitionDesc desc = RelationGetPartitionDesc(attempt, true);
	PartitionBoundInfo bounds = desc->boundinfo;
	Datum		value = TimestampTzGetDatum(at);
	bool		equal;
	int			offset;
	int			i;

	if (desc->nparts == 0 || key->strategy != PARTITION_STRATEGY_RANGE)
		return InvalidOid;
	offset = partition_range_datum_bsearch(key->partsupfunc, key->partcollation,
										   bounds, 1, &value, &equal);
	i = bounds->indexes[offset + 1];
	if (i < 0 || !desc->is_leaf[i])
		return InvalidOid;
	/* a leaf without one of its bounds serves for this moment only */
	*from = bounds->kind[offset][0] == PARTITION_RANGE_DATUM_VALUE ?
		DatumGetTimestampTz(bounds->datums[offset][0]) : at;
	*to = bounds->kind[offset + 1][0] == PARTITION_RANGE_DATUM_VALUE ?
		DatumGetTimestampTz(bounds->datums[offset + 1][0]) : at;
	return desc->oids[i];
}

/* The leaf checked last, when it is good for the moment at; else NULL. */
static Relation
open_last_leaf(TimestampTz at)
{
	Oid			oid = leaf_oid;
	Relation	leaf;

	if (!OidIsValid(oid) || at < leaf_from || at >= leaf_to)
		return NULL;
	leaf = try_relation_open(oid, RowExclusiveLock);

	/* with the lock held, has nothing been heard of a change? */
	if (leaf != NULL && leaf_oid != oid)
	{
		relation_close(leaf, RowExclusiveLock);
		leaf = NULL;
	}
	return leaf;
}

/* The leaf for the moment at, found through the parent and checked. */
static Relation
open_leaf(Relation attempt, TimestampTz at)
{
	for (;;)
	{
		TimestampTz from;
		TimestampTz to;
		Oid			oid = find_leaf(attempt, at, &from, &to);
		Relation	leaf;
		uint64		before;

		if (!OidIsValid(oid))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the attempt log has no partition for now"),
					 errhint("Make partitions ahead with SELECT qrcred.maintain(), and let pg_cron do so daily.")));
		leaf = try_relation_open(oid, RowExclusiveLock);
		if (leaf == NULL)
			continue;

		/* with the lock held, is it still the partition for this moment? */
		before = changes;
		if (find_leaf(attempt, at, &from, &to) != oid)
		{
			relation_close(leaf, RowExclusiveLock);
			continue;
		}
		check_relation(leaf, &spec[QR_REL_ATTEMPT],
					   RelationGetRelationName(leaf), RELKIND_RELATION);
		leaf_index_oid = check_indexes(leaf, &spec[QR_REL_ATTEMPT]);
		leaf_from = from;
		leaf_to = to;
		leaf_oid = changes == before ? oid : InvalidOid;
		return leaf;
	}
}

Relation
qr_leaf_open(TimestampTz at, Relation *index)
{
	Relation	leaf;

	AcceptInvalidationMessages();
	qr_store_ready();
	leaf = open_last_leaf(at);
	if (leaf == NULL)
	{
		Relation	attempt = qr_rel_open(QR_REL_ATTEMPT, AccessShareLock);

		/* a partition that is being detached is told by the latest snapshot */
		PushActiveSnapshot(GetLatestSnapshot());
		leaf = open_leaf(attempt, at);
		PopActiveSnapshot();
		relation_close(attempt, AccessShareLock);
	}
	*index = index_open(leaf_index_oid, RowExclusiveLock);
	return leaf;
}
