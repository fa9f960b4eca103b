/*
 * qrcred.h
 *	  What every verb shares: the core's contexts, its errors, argument checks.
 *
 * Symbols of SQL functions begin with qrcred_, all others with qr_ (server),
 * qc_ (core) or qp_ (pictures); the version script exports only the first.
 */
#ifndef QRCRED_H
#define QRCRED_H

#include "postgres.h"
#include "fmgr.h"

#include "compat.h"
#include "core/code.h"
#include "core/mac.h"
#include "core/status.h"

/* This backend's one context of the core, opened at first use. */
extern QcMac *qr_mac(void);

/* ereport(ERROR) for a status other than QC_OK; what names the argument. */
extern void qr_check(QcStatus status, const char *what);

/* ERROR 22023 "argument \"name\" must not be null" when it is. */
extern void qr_require(FunctionCallInfo fcinfo, int argno, const char *name);

/* A text argument as a palloc'd string with its length; 22023 when null. */
extern char *qr_text_arg(FunctionCallInfo fcinfo, int argno, const char *name,
						 size_t *len);

/* An integer argument within lo..hi, else 22023 naming it; 22023 when null. */
extern int64 qr_int_arg(FunctionCallInfo fcinfo, int argno, const char *name,
						int64 lo, int64 hi);
extern int64 qr_bigint_arg(FunctionCallInfo fcinfo, int argno, const char *name,
						   int64 lo, int64 hi);

/* A bytea argument of lo..hi bytes; 22023 naming it.  Points into the datum. */
extern const uint8 *qr_bytea_arg(FunctionCallInfo fcinfo, int argno,
								 const char *name, size_t lo, size_t hi,
								 size_t *len);

#endif
