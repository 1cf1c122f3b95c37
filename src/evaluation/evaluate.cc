#include "juncture/evaluation/evaluate.h"

#include <array>

namespace juncture {

std::span<const Evaluation> evaluations() {
  static constexpr std::array kAll{
      Evaluation{"labelled", "queries labelled by stage and moment: TSV with query, device, form, moment, stage", false,
                 evaluate_labelled},
      Evaluation{"uci", "sessions of online shoppers: the UCI set's CSV", true, evaluate_uci},
      Evaluation{"simulated",
                 "signals and truth as `juncture simulate` writes them; --train: others to fit the chain to", false,
                 evaluate_simulated},
      Evaluation{"orcas", "web searches labelled by intent, as ORCAS-I has them: TSV with query, url, label_manual",
                 false, evaluate_orcas},
      Evaluation{"hwu64", "spoken commands of 64 intents, as HWU64 has them: TSV with text, intent", true,
                 evaluate_hwu64},
      Evaluation{"unimobile", "mobile queries by task and app, as UniMobile has them: CSV with TaskId, Query, App0",
                 true, evaluate_unimobile},
      Evaluation{"notices", "public buyers' notices: JSON lines with ocid, tag, title, description", false,
                 evaluate_notices},
      Evaluation{"bpi12", "cases of a process: CSV with CaseID, ActivityID, CompleteTimestamp", true, evaluate_bpi12},
      Evaluation{"olist", "leads and closed deals: two CSV files with mql_id", true, evaluate_olist},
  };
  return kAll;
}

}  // namespace juncture
