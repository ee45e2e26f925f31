namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>One of several rules that make a configuration.</summary>
public interface IBucketRule
{
    /// <summary>Id of the rule, its own in the bucket. Where none is given, made of what the rule is about.</summary>
    string Id { get; }
}
