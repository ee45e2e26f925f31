namespace CloudLab.Core.Identity.Instances;

/// <summary>Instances to start from an image.</summary>
public sealed record NewInstances
{
    /// <summary>The image: <c>ami-…</c>, or <c>resolve:ssm:</c> and the name of a parameter.</summary>
    public required string ImageId { get; init; }

    /// <summary>Instance type: <c>t3.micro</c>; the service's default if null.</summary>
    public string? InstanceType { get; init; }

    /// <summary>How many: all of them, or none.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Name or ARN of the instance profile, or null.</summary>
    public string? InstanceProfile { get; init; }

    /// <summary>What the instance reads when it first starts: a script, or cloud-init's YAML.</summary>
    public string? UserData { get; init; }

    /// <summary>Name of a key pair, or null.</summary>
    public string? KeyName { get; init; }

    /// <summary>Subnet; one of the default network if null.</summary>
    public string? SubnetId { get; init; }

    /// <summary>Ids of security groups; the network's default group if empty.</summary>
    public IReadOnlyList<string> SecurityGroupIds { get; init; } = [];

    /// <summary>Tags by key; the Name tag is the instance's name.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The same for the same request only: sent again with the same token, it starts nothing more.</summary>
    public required string ClientToken { get; init; }
}
