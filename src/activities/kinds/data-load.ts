import { normaliseDataLoad } from "../../domain/results/data-load.ts";
import { defineWork } from "./define-work.ts";
import { agrees, sameMarketAndDates } from "./recognise.ts";

export const dataLoad = defineWork("data_load", {
  computed: {
    start: async ({ data }, { symbol, timeframe, mode, startDate, endDate }, _operationId, sending) =>
      await data.download(
        {
          symbol,
          timeframe,
          mode,
          ...(startDate === null ? {} : { startDate }),
          ...(endDate === null ? {} : { endDate }),
        },
        sending,
      ),
    recognises: (operation, request) =>
      sameMarketAndDates(operation, request) &&
      operation.operationType === "data_load" &&
      agrees(operation.parameters["mode"], request.mode),
  },
  result: async ({ ktrdr }, { request, summary, engine }) => {
    const range = await ktrdr.data.range(request.symbol, request.timeframe);
    return () => normaliseDataLoad(summary, request, range, engine);
  },
});
