namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>How many replicas one metric asks for.</summary>
internal struct HpaProposal
{
    /// <summary>Replicas.</summary>
    public int Replicas;

    /// <summary>Percent of the request; of Utilization targets.</summary>
    public int Utilization;

    /// <summary>Average or value, in thousandths.</summary>
    public long Usage;

    /// <summary>Measured by target, before pods without metrics are taken into account.</summary>
    public double Ratio;

    /// <summary>Measured by target as it decided: with assumptions for the pods that have no metric or are not ready.</summary>
    public double DecidingRatio;

    /// <summary>Pods that the ratio was multiplied by; 0 where it was not.</summary>
    public int Counted;

    /// <summary>Pods that count as ready.</summary>
    public int Ready;

    /// <summary>Pods that are not ready yet.</summary>
    public int Unready;

    /// <summary>Pods without a metric.</summary>
    public int Missing;

    /// <summary>Pods that are left out: being deleted, or failed.</summary>
    public int Ignored;

    /// <summary>Pods that have ended well but count all the same, as no metric or as an idle pod.</summary>
    public int Succeeded;

    /// <summary>True where the ratio was near enough to 1.</summary>
    public bool WithinTolerance;

    /// <summary>True where assumptions for pods without metrics turned the direction, so that nothing is done.</summary>
    public bool DirectionChanged;

    /// <summary>True where the number of replicas wrapped around 32 bits.</summary>
    public bool Wrapped;

    /// <summary>Why there is none; null where there is one.</summary>
    public string? Error;
}
