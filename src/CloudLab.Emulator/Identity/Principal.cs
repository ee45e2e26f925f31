namespace CloudLab.Emulator.Identity;

/// <summary>What sort of caller a principal is.</summary>
internal enum PrincipalKind
{
    /// <summary>Nobody known: the request is not signed.</summary>
    Anonymous,

    /// <summary>The account itself; no policy of its own limits it.</summary>
    Root,

    /// <summary>An IAM user.</summary>
    User,

    /// <summary>A session of an assumed role.</summary>
    RoleSession,
}

/// <summary>Who made a request. The account store may derive from it to carry what it needs for a decision.</summary>
/// <param name="Kind">What sort of caller.</param>
/// <param name="AccountId">Account of the caller, twelve digits.</param>
/// <param name="Arn">ARN as GetCallerIdentity shows it.</param>
/// <param name="UserId">Unique id as GetCallerIdentity shows it.</param>
internal record Principal(PrincipalKind Kind, string AccountId, string Arn, string UserId)
{
    /// <summary>Whoever does not sign.</summary>
    public static Principal Anonymous { get; } = new(PrincipalKind.Anonymous, "anonymous", "*", "anonymous");
}
