// The experiments in the order in which they are carried out, each described in the file of its
// name.
#pragma once

#include "loadgen/claims/claims.hpp"

namespace echotrio::loadgen {

ClaimTest contained_faults();
ClaimTest resources_on_need();
ClaimTest memory_of_being();
ClaimTest creation();
ClaimTest sharing();
ClaimTest scaling_with_cores();
ClaimTest one_processor();
ClaimTest preemption();
ClaimTest yielding();
ClaimTest native_code();
ClaimTest long_calls();
ClaimTest copy_on_write();
ClaimTest kept_clients();
ClaimTest most_connections();

inline std::vector<ClaimTest> all_experiments() {
    return {contained_faults(), resources_on_need(),  memory_of_being(), creation(),
            sharing(),          scaling_with_cores(), one_processor(),   preemption(),
            native_code(),      long_calls(),         copy_on_write(),   kept_clients(),
            yielding(),         most_connections()};
}

}  // namespace echotrio::loadgen
