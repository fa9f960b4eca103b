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
PG_CFLAGS = -std=gnu99 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-clobbered
SHLIB_LINK = -lcrypto -lqrencode -lpng -Wl,--version-script=$(srcdir)/src/exports.map

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=.
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation

# What no rule of PGXS makes, and clean takes away all the same.
EXTRA_CLEAN = build test/harness/build client/cli/qrwallet test/unit/build test/fuzz/build test/picture/build demo-out

# LLVM bitcode serves inlining into queries; no function here is worth it.
override with_llvm = no

PG_CONFIG ?= pg_config
# Debian has a pg_config that names makefiles which are not there.
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)
else
all install installdirs uninstall installcheck:
	@echo "The development files of the PostgreSQL server are not here.  On Debian 12,"
	@echo "\`make test' and \`make demo' install what they need; to build only: test/install-packages build"
	@exit 1

clean distclean:
	rm -f $(OBJS) $(MODULE_big).so $(DATA_built)
	rm -rf $(EXTRA_CLEAN)
endif

sql/install/$(EXTENSION)--$(EXTVERSION).sql: $(INSTALL_PARTS)
	cat $^ > $@

# The server's makefiles know no headers.
$(OBJS): $(wildcard $(CURDIR)/src/*.h $(CURDIR)/src/*/*.h)

# Everything, on a server of its own; nothing need be installed for these two.
test:
	@test/run

demo:
	@demo/run

# One part, for who works on it.
unit:
	$(MAKE) -C test/unit check

fuzz:
	$(MAKE) -C test/fuzz fuzz

picture:
	$(MAKE) -C test/picture check

wallet:
	$(MAKE) -C client/cli

house: all
	@test/house.sh

# The server's makefiles add their own sentence to this.
check: check-hint
check-hint:
	@echo "\`make test' runs every test on a server of its own; \`make installcheck' runs those in SQL"
	@echo "on the server that PGHOST and PGPORT name, after \`make install'."

.PHONY: all test demo unit fuzz picture wallet house check check-hint

# Guessing for minutes while the server is killed again and again.
torture:
	@test/torture

.PHONY: torture
