// One run as a document: what came out, how long it took, and whether to believe it.
#pragma once

#include "loadgen/document/document.hpp"
#include "loadgen/results/run_result.hpp"

#include <string>

namespace echotrio::loadgen {

struct RunHeading {
    std::string url;
    std::string load;  // "64 connections, closed loop, 10s after 1s of warm-up"
};

Document run_document(const RunResult& result, const RunHeading& heading);

}  // namespace echotrio::loadgen
