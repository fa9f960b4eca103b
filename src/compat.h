/*
 * compat.h
 *	  Every difference between server versions; 15 is what is supported.
 */
#ifndef QR_COMPAT_H
#define QR_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 160000
#error "qrcred 1.0 is built for PostgreSQL 15"
#endif

#endif
