namespace CloudLab.Core.Storage.Objects;

/// <summary>What came of asking for an archived object.</summary>
public enum RestoreStatus
{
    /// <summary>The service has begun to bring it back.</summary>
    Started,

    /// <summary>It was on its way back already; nothing has changed.</summary>
    InProgress,

    /// <summary>A copy was there already; the days it stays count anew.</summary>
    Restored,
}
