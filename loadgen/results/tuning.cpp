#include "loadgen/results/tuning.hpp"

namespace echotrio::loadgen {

const char* name_of(RateResult result) {
    switch (result) {
        case RateResult::pass:
            return "pass";
        case RateResult::miss:
            return "miss";
        case RateResult::not_judged:
            return "not_judged";
        case RateResult::no_fit:
            return "no_fit";
        case RateResult::no_server:
            return "no_server";
    }
    return "";
}

const char* name_of(Unfit unfit) {
    switch (unfit) {
        case Unfit::no:
            return "no";
        case Unfit::objective:
            return "objective";
        case Unfit::memory:
            return "memory";
        case Unfit::server:
            return "server";
        case Unfit::not_judged:
            return "not_judged";
    }
    return "";
}

const TunedSetting* find_setting(const Tuning& tuning, const Setting& setting) {
    for (const TunedSetting& one : tuning.settings) {
        if (one.setting == setting) return &one;
    }
    return nullptr;
}

}  // namespace echotrio::loadgen
