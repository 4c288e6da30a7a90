// CPU work, and what becomes of the global lock meanwhile.
#pragma once

#include "common/protocol/session.hpp"
#include "common/work/burner.hpp"
#include "servers/threads/gil.hpp"

namespace echotrio::threads {

// Under the lock: slices with a checkpoint between them, the "bytecode" boundary at which a thread
// may be made to give the lock up. The thread must hold it; it holds it again when this returns.
inline void burn(Nanos amount, const work::Burner& burner, Gil& gil) {
    burner.burn(amount, gil.grain(), [&gil] { gil.checkpoint(); });
}

// The same of what a session asks for.
inline void burn(const protocol::Step& step, const work::Burner& burner, Gil& gil) {
    switch (step.work) {
        case protocol::Work::interpreted:
            return burn(step.duration, burner, gil);
        case protocol::Work::native:  // as zlib does around its work
            return gil.released([&] { burner.burn(step.duration); });
        case protocol::Work::hold:  // nobody asks it to give way before it returns
            return burner.burn(step.duration);
    }
}

}  // namespace echotrio::threads
