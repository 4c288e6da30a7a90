/* The global lock of the threads server (--gil switch) as a model for Spin, step by step as
 * servers/threads/gil.cpp does it: take, drop, checkpoint, N threads. Every access to a shared
 * variable that its mutex does not cover is a step of its own; waiting on a condition releases the
 * mutex in one step with the wait, and may time out at any moment.
 *
 * Checked over all interleavings:
 *     at most one thread holds the lock          (assertion at hold)
 *     no thread waits for ever in vain           (no invalid end states)
 *     a drop request leads to a switch           (ltl switch_follows)
 *     a forced drop returns                      (ltl drop_returns)
 *
 * The first two hold if waits time out at any moment, as often as they like. For the other two time
 * has to pass (-DTIME): a wait that is in vain because the request is already made does not time
 * out again and again so fast that the holder never gets the mutex; and each thread that can go on
 * does so at some time (weak fairness, pan -f).
 *
 * Two wrong locks must fail, so that the check itself is known to work:
 *     -DUNFORCED  drop returns without waiting for the switch: switch_follows does not hold
 *     -DBARGE     a waiter that was signalled does not look again whether the lock is free: two
 *                 threads hold it
 */
#ifndef N
#define N 3
#endif
#define NOBODY N

byte mutex = NOBODY         /* who is inside */
byte switch_mutex = NOBODY
bool waiting[N]             /* on the condition that the lock is free */
byte switch_waiter = NOBODY /* on the condition that the last holder changed: one at most */
bool locked, drop_request
byte last_holder = NOBODY
bool switched[N]            /* a switch since this waiter looked at the switch number */
/* Not part of the lock, but what is to be shown of it: */
byte holders
bool asked[N + 1]           /* this holder was asked to drop it, and no other has had it since */

#ifdef TIME
#define may_time_out !(locked && drop_request)
#else
#define may_time_out true
#endif

#define enter(m) atomic { m == NOBODY -> m = me }
#define leave(m) atomic { assert(m == me); m = NOBODY }

/* Wakes one of those who wait, whichever. */
inline signal_free() {
    if
    :: waiting[0] -> waiting[0] = false
    :: waiting[1] -> waiting[1] = false
#if N > 2
    :: waiting[2] -> waiting[2] = false
#endif
    :: else
    fi
}

inline note_switch() {
    switched[0] = true
    switched[1] = true
#if N > 2
    switched[2] = true
#endif
}

inline wait_until_free() {
    do
    :: locked ->
        switched[me] = false
        atomic { waiting[me] = true; mutex = NOBODY }
        if
        :: atomic { !waiting[me] -> timed_out = false }
        :: atomic { waiting[me] && may_time_out -> waiting[me] = false; timed_out = true }
        fi
        enter(mutex)
#ifdef BARGE
        if
        :: !timed_out -> break
        :: else
        fi
#endif
        if
        :: timed_out && locked && !switched[me] ->
            atomic { drop_request = true; asked[last_holder] = true }
        :: else
        fi
    :: else -> break
    od
}

inline take() {
    enter(mutex)
    wait_until_free()
    enter(switch_mutex)
    locked = true
    if
    :: last_holder != me ->
        atomic { asked[last_holder] = false; last_holder = me }
        note_switch()
    :: else
    fi
    switch_waiter = NOBODY /* signal */
    leave(switch_mutex)
    drop_request = false
    leave(mutex)
    atomic { holders++; assert(holders == 1) }
}

inline drop() {
    assert(last_holder == me)
    holders--
    enter(mutex)
    locked = false
    signal_free()
    leave(mutex)
#ifndef UNFORCED
    if
    :: drop_request ->
        enter(switch_mutex)
        if
        :: last_holder == me ->
            drop_request = false
            do
            :: last_holder == me ->
                atomic { assert(switch_waiter == NOBODY); switch_waiter = me; switch_mutex = NOBODY }
wait_for_switch:
                switch_waiter != me
                enter(switch_mutex)
            :: else -> break
            od
        :: else
        fi
        leave(switch_mutex)
    :: else
    fi
#endif
}

/* A thread computes under the lock, for ever if it likes, with checkpoints; or it drops the lock
 * for a blocking call, from which it may never return. */
active [N] proctype thread() {
    byte me = _pid
    bool timed_out
blocked:
end_blocked:
    if
    :: skip
    :: goto end_of_thread
    fi
    take()
    do
    :: drop_request -> /* checkpoint */
        drop()
        take()
    :: !drop_request   /* a slice of work */
    :: break
    od
    drop()
    goto blocked
end_of_thread:
    skip
}

ltl switch_follows { [] ((asked[0] -> <> !asked[0]) && (asked[1] -> <> !asked[1])) }
ltl drop_returns { [] ((switch_waiter != NOBODY) -> <> (switch_waiter == NOBODY)) }
