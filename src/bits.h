/*
 * bits.h
 *	  Templates, helpers and secrets as arguments and results.
 *
 * The takers never raise for a value: the caller has copies to wipe first,
 * and then says with qr_refuse_bits() or qr_refuse_secret() what was wrong.  A
 * detoasted copy of the datum is wiped before they return.
 */
#ifndef QR_BITS_H
#define QR_BITS_H

#include "qrcred.h"

#include "core/bch.h"

/* The codes that SQL may name. */
#define QR_BCH_CODES	2
extern const char *const qr_bch_names[QR_BCH_CODES];

/* The code that an argument names; 22023 for an unknown one and for null. */
extern const QcBch *qr_bch_arg(FunctionCallInfo fcinfo, int argno,
							   const char *name);

/* A varbit argument that is not null, into out; false unless it has n bits. */
extern bool qr_take_bits(FunctionCallInfo fcinfo, int argno, const QcBch *code,
						 uint8 out[QC_BCH_BYTES_MAX]);

/* A packed secret that is not null, into out; false unless it is one. */
extern bool qr_take_secret(FunctionCallInfo fcinfo, int argno,
						   const QcBch *code, uint8 out[QC_BCH_SECRET_MAX]);

/* 22023 naming the argument. */
extern void qr_refuse_bits(const QcBch *code, const char *name) pg_attribute_noreturn();
extern void qr_refuse_secret(const QcBch *code, const char *name) pg_attribute_noreturn();

/* The n bits as a varbit. */
extern Datum qr_bits_datum(const QcBch *code, const uint8 *bits);

#endif
