#include "loadgen/subject/server_account.hpp"

namespace echotrio::loadgen {

ServerAccount account_of(const nlohmann::ordered_json& stats, const RunOptions& load,
                         bool only_ours) {
    ServerAccount account;
    try {
        if (stats.contains("gil")) account.one_at_a_time = stats.at("gil").at("acquisitions") > 0;
        // a Python says whether it has its lock
        if (const auto& own = stats.value("threads", nlohmann::ordered_json()); own.is_object()) {
            account.one_at_a_time = own.value("gil", 0) == 1;
        }
        if (!only_ours) return account;
        if (load.target.scheme == Scheme::tcp) {
            account.requests = stats.at("bytes").at("out").get<std::uint64_t>() / load.size;
        } else {
            account.requests = stats.at("requests").get<std::uint64_t>();
        }
    } catch (const nlohmann::json::exception&) {
        return {};
    }
    return account;
}

}  // namespace echotrio::loadgen
