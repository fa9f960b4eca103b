/*
 * template.h
 *	  The template that opens a helper: n bits that an extractor made, or those
 *	  of a face (2-protocol, "Fuzzy commitment").
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "commands.h"
#include "request.h"

/* OUT_USAGE, and said, unless the options name exactly one kind of capture. */
Outcome		template_given(const Options *o);

/*
 * The template of the capture that the options name, packed.  For a face it
 * reads the login password, and takes some tenths of a second for it.
 */
Outcome		template_take(const Options *o, const Binding *binding, const QcBch *code,
						  uint8_t bits[QC_BCH_BYTES_MAX]);

#endif
