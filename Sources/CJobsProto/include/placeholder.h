// SPDX-License-Identifier: Apache-2.0
#ifndef P_H
#define P_H
#endif
