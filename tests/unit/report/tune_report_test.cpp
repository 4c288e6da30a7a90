// What tune tells people, programs and deployments.
#include "loadgen/report/tune_report.hpp"

#include "loadgen/analysis/setting_search.hpp"
#include "loadgen/design/settings.hpp"
#include "loadgen/document/html.hpp"
#include "loadgen/document/text.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

TunedSetting setting(Setting at, double rate, double memory) {
    TunedSetting one;
    one.setting = std::move(at);
    one.rate = {rate, rate * 0.96, rate * 1.04};
    one.rounds = {rate, rate * 1.01, rate * 0.99};
    one.searched = rate;
    one.objective_us = 41'000;
    one.p99_us = 41'000;
    one.cpus_used = rate / 1000;
    one.memory_bytes = memory;
    one.to_best = TunedFigure{rate / 940, rate / 1000, rate / 900};
    return one;
}

Tuning sample() {
    Tuning tuning;
    tuning.subject = "gunicorn";
    tuning.command = "gunicorn -w {workers} -k {class} app:app";
    tuning.axes = {{"workers", {"1", "2", "4", "8", "16", "32"}, true},
                   {"worker-class", {"sync", "gthread"}, false}};
    tuning.objective = "p99=50ms";
    tuning.objective_us = 50'000;
    tuning.memory_limit = 512.0 * (1U << 20U);
    tuning.memory_limit_from = "--memory";
    tuning.cpu_limit = 1.5;
    tuning.cpu_quota = 1.5;
    tuning.cpus = 1.5;
    tuning.machine_cpus = 64;
    tuning.load = "open loop";
    tuning.window_s = 2;
    tuning.settings = {setting({2, 0}, 180, 80e6), setting({4, 0}, 930, 200e6),
                       setting({5, 0}, 940, 400e6)};
    tuning.best = 1;
    tuning.highest = 2;
    tuning.rule_axis = 0;
    tuning.rules = {{"2n+1", 1.5, "that the server may use", 4, 2, Setting{2, 0}},
                    {"2n+1", 64, "of the machine", 129, {}, {}}};
    tuning.throttled = Throttled{2, 60, 12, 0.31};
    tuning.grid = 12;
    tuning.rounds = 3;
    tuning.measurements = 15;
    tuning.stopped = "after 3 rounds of the comparison the best is known within 5 %";
    tuning.complete = true;
    return tuning;
}

void expect_in(const std::string& text, const std::string& words) {
    EXPECT_NE(text.find(words), std::string::npos) << words << " is not in:\n" << text;
}

TEST(TuneReport, JsonHasWhatTheContractNames) {
    const auto json = tune_to_json(sample());
    EXPECT_EQ(json["best"]["workers"], 16);
    EXPECT_EQ(json["best"]["worker-class"], "sync");
    EXPECT_DOUBLE_EQ(json["best"]["rate"], 930);
    EXPECT_DOUBLE_EQ(json["best"]["ci95"][0], 930 * 0.96);
    EXPECT_EQ(json["rule_of_thumb"][0]["workers"], 4);
    EXPECT_EQ(json["rule_of_thumb"][0]["axis"], "workers");
    EXPECT_DOUBLE_EQ(json["rule_of_thumb"][0]["measured"]["rate"], 180);
    EXPECT_FALSE(json["rule_of_thumb"][1]["among_the_settings"]);
    EXPECT_TRUE(json["rule_of_thumb"][1]["measured"].is_null());
    EXPECT_TRUE(json["trials"].is_array());
    EXPECT_EQ(json["throttled"]["throttled_periods"], 12);
    EXPECT_EQ(json["settings"].size(), 3U);
}

TEST(TuneReport, ARuleSpeaksOfWorkersWhateverTheAxisIsCalled) {
    Tuning tuning = sample();
    tuning.axes[0].name = "w";
    const auto json = tune_to_json(tuning);
    EXPECT_EQ(json["rule_of_thumb"][0]["workers"], 4);
    EXPECT_EQ(json["rule_of_thumb"][0]["axis"], "w");
}

TEST(TuneReport, NoAxisIsCalledAsAKeyBesideIt) {
    const auto json = tune_to_json(sample());
    for (const auto& [key, value] : json["best"].items()) {
        if (key == "workers" || key == "worker-class") continue;
        EXPECT_FALSE(parse_axis(key + "=1..4")) << key;
    }
}

TEST(TuneReport, WhatHoldsWithReservationsSaysSo) {
    Tuning tuning = sample();
    tuning.settings[1].limited_by = "lateness";
    tuning.settings[1].above = "at 1,200/s it died in the trial";
    tuning.settings[1].rounds = {930, 0, kNotJudged};
    tuning.quota_is_shared = true;
    const std::string text = to_markdown(tune_document(tuning));
    expect_in(text, "missed in 1 of 3 rounds");
    expect_in(text, "a higher rate could not be judged (lateness)");
    expect_in(text, "at 1,200/s it died in the trial");
    expect_in(text, "The generator uses the same quota");
    const auto json = tune_to_json(tuning);
    EXPECT_EQ(json["best"]["limited_by"], "lateness");
    EXPECT_TRUE(json["best"]["generator_was_limit"]);
    EXPECT_TRUE(json["best"]["rounds"][2].is_null());
    EXPECT_TRUE(json["limits"]["quota_is_shared"]);
    expect_in(tune_emit(tuning, "env"), "could not be judged (lateness);");
}

TEST(TuneReport, TheDocumentTellsAnswerRulesLimitsAndSearch) {
    const std::string text = to_console(tune_document(sample()), {false, 160});
    expect_in(text, "workers 16, worker-class sync");
    expect_in(text, "930/s (893 to 967)");
    expect_in(text, "workers 32, worker-class sync had the highest rate");
    expect_in(text, "a quota of 1.5 CPUs (control group)");
    expect_in(text, "held back in 12 of 60 periods");
    expect_in(text, "not among the values of --vary");
    expect_in(text, "3 of 12 settings were tried, in 15 measurements");
    expect_in(text, "all settings in as many rounds would have been 36 measurements");
    expect_in(to_markdown(tune_document(sample())), "| **16** | **sync** | **930** |");
    expect_in(to_html(tune_document(sample()), {}), "Highest rate against workers");
    expect_in(to_html(tune_document(sample()), {}), "tune-rate-0");
}

TEST(TuneReport, ASmallerOneThanTheHighestSaysWhatItDoesOfIt) {
    Tuning tuning = sample();
    tuning.settings[1].to_best.reset();
    expect_in(to_console(tune_document(tuning), {false, 200}),
              "this one is smaller and does as much, as far as one look tells");
    tuning.settings[1].to_best = TunedFigure{0.94, 0.82, 1.08};
    expect_in(to_console(tune_document(tuning), {false, 200}),
              "this one is smaller and does 0.94 (0.82 to 1.08) of it");
}

TEST(TuneReport, AShortWindowIsFlagged) {
    Tuning tuning = sample();
    tuning.window_s = 0.5;  // ten times the objective
    EXPECT_EQ(to_markdown(tune_document(tuning)).find("A window of"), std::string::npos);
    tuning.window_s = 0.3;
    expect_in(to_markdown(tune_document(tuning)), "! A window of 300 ms is short for p99=50ms");
    expect_in(to_markdown(tune_document(tuning)), "At least 10 times the objective: -d 1s.");
    EXPECT_DOUBLE_EQ(tune_to_json(tuning)["search"]["window_s"], 0.3);
}

TEST(TuneReport, WithoutABestItSaysWhatCameNearest) {
    Tuning tuning = sample();
    tuning.best.reset();
    tuning.highest.reset();
    for (TunedSetting& one : tuning.settings) {
        one.rate = {};
        one.unfit = Unfit::memory;
        one.why = "600 MiB of memory";
    }
    tuning.settings[1].unfit = Unfit::objective;
    tuning.settings[1].why = "p99 61 ms";
    expect_in(answer_sentence(tuning), "nearest was workers 16, worker-class sync: p99 61 ms");
    tuning.settings[1].missed_us = 61e3;
    tuning.settings[2].unfit = Unfit::objective;
    tuning.settings[2].why = "p99 55 ms";
    tuning.settings[2].missed_us = 55e3;
    expect_in(answer_sentence(tuning), "nearest was workers 32, worker-class sync: p99 55 ms");
    tuning.settings[2].missed_us = 3e3;  // of those that did not fail
    expect_in(answer_sentence(tuning), "nearest was workers 16, worker-class sync: p99 61 ms");
    expect_in(to_console(tune_document(tuning), {false, 120}), "no setting");
    EXPECT_TRUE(tune_to_json(tuning)["best"].is_null());
}

TEST(TuneEmit, HasFlagsAndTheArithmetic) {
    const std::string env = tune_emit(sample(), "env");
    expect_in(env, "\nWORKERS=16\n");
    expect_in(env, "\nWEB_CONCURRENCY=16\n");
    expect_in(env, "\nWORKER_CLASS=sync\n");
    expect_in(env, "# rule 2n+1 with n = 64 CPUs of the machine: 129, not measured\n");
    const std::string gunicorn = tune_emit(sample(), "gunicorn");
    expect_in(gunicorn, "\nworkers = 16\n");
    expect_in(gunicorn, "\nworker_class = \"sync\"\n");
    Tuning named = sample();
    named.axes[0].name = "w";
    named.axes[1].name = "class";
    ASSERT_TRUE(can_emit(named.axes, "gunicorn"));
    expect_in(tune_emit(named, "gunicorn"), "\nworkers = 16\nworker_class = \"sync\"\n");
    const std::string k8s = tune_emit(sample(), "k8s");
    expect_in(k8s, "cpu: 930m   # 0.930 CPUs used at 930/s");
    expect_in(k8s, "cpu: 1500m   # the CPUs that it was tuned for");
    expect_in(k8s, "memory: 191Mi   # the most that was seen");
    expect_in(k8s, "memory: 239Mi   # 191 MiB x 1.25 = 239 MiB");
    expect_in(k8s, "averageUtilization: 70\n");
}

TEST(TuneEmit, GunicornIsToldOnlyWhatItKnows) {
    const auto axis = [](const char* text) { return *parse_axis(text); };
    EXPECT_TRUE(can_emit({axis("max-threads=1,2")}, "env"));
    EXPECT_TRUE(can_emit({axis("max-threads=1,2")}, ""));
    EXPECT_TRUE(can_emit({axis("workers=1,2"), axis("k=sync,gthread")}, "gunicorn"));
    const auto unknown = can_emit({axis("max-threads=1,2")}, "gunicorn");
    ASSERT_FALSE(unknown);
    expect_in(unknown.error().message,
              "--vary: max-threads: --emit gunicorn knows no such setting");
    const auto twice = can_emit({axis("w=1,2"), axis("workers=1,2")}, "gunicorn");
    ASSERT_FALSE(twice);
    expect_in(twice.error().message, "w and workers are both gunicorn's workers");
}

TEST(TuneEmit, AContainerCanStartInItsMemoryLimit) {
    Tuning tuning = sample();
    tuning.settings[1].memory_bytes = 1.8e6;
    tuning.rounds = 0;
    const std::string k8s = tune_emit(tuning, "k8s");
    expect_in(k8s, "memory: 2Mi   # the most that was seen\n");
    expect_in(k8s, "memory: 16Mi   # 2 MiB x 1.25 = 3 MiB, but at least 16 MiB");
    expect_in(k8s, "# seen once, without a comparison\n");
}

TEST(TuneEmit, MemoryIsNoMoreThanTheLimit) {
    Tuning tuning = sample();
    tuning.memory_limit = 200.0 * (1U << 20U);
    expect_in(tune_emit(tuning, "k8s"), "memory: 200Mi   # 191 MiB x 1.25 = 239 MiB, but no more");
    tuning.memory_limit = 190.5 * (1U << 20U);
    expect_in(tune_emit(tuning, "k8s"), "memory: 190Mi   # the most that was seen, and no more");
}

}  // namespace
}  // namespace echotrio::loadgen
