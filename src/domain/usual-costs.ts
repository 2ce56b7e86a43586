/** What a backtest pays unless somebody says otherwise, and a champion at least. Ratios of traded value per fill. */
export const USUAL_COSTS = { commission: 0.001, slippage: 0.0005 } as const;
