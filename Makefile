EXTENSION = qrcred
EXTVERSION = 1.0
MODULE_big = qrcred

CORE_SRCS = $(sort $(wildcard src/core/*.c))
PICTURE_SRCS = $(sort $(wildcard src/picture/*.c))
SERVER_SRCS = $(sort $(wildcard src/*.c src/keyring/*.c src/store/*.c))
OBJS = $(patsubst %.c,%.o,$(CORE_SRCS) $(PICTURE_SRCS) $(SERVER_SRCS))

# The install script is its parts in order; update scripts are files of their own.
INSTALL_PARTS = $(sort $(wildcard sql/install/$(EXTENSION)--$(EXTVERSION)/*.sql))
DATA_built = sql/install/$(EXTENSION)--$(EXTVERSION).sql
DATA = $(sort $(wildcard sql/install/$(EXTENSION)--*--*--*.sql))

# Symbols stay inside, but for those that SQL calls: the server loads with
# RTLD_GLOBAL, and PGXS on 15 would export everything.
PG_CPPFLAGS = -I$(srcdir)/src
PG_CFLAGS = -std=gnu99 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = -lcrypto -lqrencode -lpng -Wl,--version-script=$(srcdir)/src/exports.map

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=.
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation
TAP_TESTS = 0

# LLVM bitcode serves inlining into queries; no function here is worth it.
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(PGXS),)
include $(PGXS)
endif

sql/install/$(EXTENSION)--$(EXTVERSION).sql: $(INSTALL_PARTS)
	cat $^ > $@
