// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The states of the learning unit.

package es_pkg;

  typedef enum logic [3:0] {
    StIdle,
    StLoad,
    StStoreRow,
    StStore,
    StDraw,
    StMeans,
    StMeansEnd,
    StSample,
    StSampleEnd,
    StLoss,
    StUpdateRow,
    StUpdate
  } state_e;

endpackage
