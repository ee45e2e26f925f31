using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Instances;

/// <summary>What an EC2 instance is doing.</summary>
public enum InstanceState
{
    /// <summary>It is being started.</summary>
    Pending,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It is being stopped.</summary>
    Stopping,

    /// <summary>It is stopped and can be started again.</summary>
    Stopped,

    /// <summary>It is being terminated.</summary>
    ShuttingDown,

    /// <summary>It is gone; for an hour or so it is still listed.</summary>
    Terminated,
}

/// <summary>A virtual machine of EC2.</summary>
public sealed class LabInstance
{
    /// <summary>Id: <c>i-0abc…</c>.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Value of its Name tag; null without one.</summary>
    public string? Name { get; init; }

    /// <summary>What it is doing.</summary>
    public InstanceState State { get; init; }

    /// <summary>Why it is stopped or terminated, as the service says; null where it says nothing.</summary>
    public string? StateReason { get; init; }

    /// <summary>Instance type: <c>t3.micro</c>.</summary>
    public string? InstanceType { get; init; }

    /// <summary>Image it was started from: <c>ami-…</c>.</summary>
    public string? ImageId { get; init; }

    /// <summary>Name of its instance profile, which gives it a role; null without one.</summary>
    public string? InstanceProfile { get; init; }

    /// <summary>Private IPv4 address.</summary>
    public string? PrivateIpAddress { get; init; }

    /// <summary>Public IPv4 address; null without one.</summary>
    public string? PublicIpAddress { get; init; }

    /// <summary>Public DNS name; null without one.</summary>
    public string? PublicDnsName { get; init; }

    /// <summary>Availability zone: <c>eu-central-1a</c>.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary>Subnet.</summary>
    public string? SubnetId { get; init; }

    /// <summary>Virtual private cloud.</summary>
    public string? VpcId { get; init; }

    /// <summary>Names of its security groups.</summary>
    public IReadOnlyList<string> SecurityGroups { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Name of the key pair for SSH.</summary>
    public string? KeyName { get; init; }

    /// <summary>When it was started last, in UTC.</summary>
    public DateTimeOffset? LaunchTime { get; init; }

    /// <summary>Tags by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = TextDictionary.Of(value); } = new TextDictionary();

    /// <inheritdoc/>
    public override string ToString() => InstanceId;
}
