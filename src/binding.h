/*
 * binding.h
 *	  The end of what a payer's credential is bound to: its generation is raised
 *	  in place, so that no code made from the helper before is good any more.
 */
#ifndef QR_BINDING_H
#define QR_BINDING_H

#include "postgres.h"

#include "core/strike.h"
#include "session.h"

/* Whether a helper is bound in the row's present generation. */
extern bool qr_is_bound(const QrBiometric *biometric, const QcStrike *s);

/* ERROR 55000 naming the state unless a payer's credential may be bound. */
extern void qr_require_bindable(const QcStrike *s);

/*
 * Raises the generation, durable on return, and deletes the binding; the row
 * afterwards in *after.  ERROR 55000 while the credential is frozen, void or
 * its registration changed, and after its last generation, which voids it.
 */
extern void qr_binding_end(const QrSession *session, QcStrike *after);

#endif
