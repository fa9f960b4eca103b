/*
 * relations.h
 *	  Which tables the store consists of, and that they are what create_store()
 *	  made.
 *
 * Opening a table from C checks no privilege and runs no rule or trigger, so
 * before the first use and after every invalidation each table is checked:
 * owner of schema and table = the extension's owner, ordinary (or partitioned)
 * heap, permanent, no rule, no foreign trigger, no inheritance child, no row
 * security, columns and indexes as built.  Whatever differs is ERROR 55000.
 */
#ifndef QR_RELATIONS_H
#define QR_RELATIONS_H

#include "postgres.h"
#include "utils/rel.h"

typedef enum QrRel
{
	QR_REL_ISSUER,
	QR_REL_GATEWAY,
	QR_REL_CUSTOMER,
	QR_REL_CREDENTIAL,
	QR_REL_STRIKE,
	QR_REL_RELEASE,
	QR_REL_KEY_CHECK,
	QR_REL_BUCKET,
	QR_REL_OUTBOX,
	QR_REL_ATTEMPT,
	QR_RELS
} QrRel;

/* Registers the invalidation callbacks; called once from _PG_init. */
extern void qr_relations_init(void);

/* ERROR 55000 unless there is a store and it is as built; cheap when unchanged. */
extern void qr_store_ready(void);

/* Opens a checked table; the check holds for the opened relation. */
extern Relation qr_rel_open(QrRel which, LOCKMODE lock);

/* The index by which the store looks rows up. */
extern Oid	qr_rel_index(QrRel which);

/*
 * The attempt log's leaf for the moment at, opened RowExclusiveLock (kept to
 * the transaction's end) and checked; *index is its one btree, opened alike.
 * ERROR 55000 when no partition exists for it.
 */
extern Relation qr_leaf_open(TimestampTz at, Relation *index);

/*
 * The number of the state that the store is in as far as can be known now:
 * another one after each commit, by any session, of an announced change, after
 * each command of this transaction that made one, after a rollback of such a
 * command, and after every change of the tables themselves.  0 while the
 * tables are not checked: what is read then is not to be kept.
 */
extern uint64 qr_store_state(void);

/* Whether the table's triggers announce every change of its rows. */
extern bool qr_rel_is_announced(QrRel which);

/* An extension's owner and schema; false when it is not in this database. */
extern bool qr_extension(const char *name, Oid *owner, Oid *schema);

#endif
