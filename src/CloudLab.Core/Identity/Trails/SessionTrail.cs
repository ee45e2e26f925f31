using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Trails;

/// <summary>The calls that CloudLab has sent in this process, as a trail.</summary>
public static class SessionTrail
{
    // Names that the SDK for .NET has for calls of S3.
    private static readonly Dictionary<string, string> SdkNames = new(StringComparer.Ordinal)
    {
        ["GetCORSConfiguration"] = "GetBucketCors",
        ["PutCORSConfiguration"] = "PutBucketCors",
        ["DeleteCORSConfiguration"] = "DeleteBucketCors",
        ["DeleteLifecycleConfiguration"] = "DeleteBucketLifecycle",
        ["ListVersions"] = "ListObjectVersions",
        ["PutBucket"] = "CreateBucket",
    };

    /// <summary>Different calls that found no room in the log: the policy lacks them.</summary>
    public static long LeftOut => AwsCallLog.Current.LeftOut;

    /// <summary>Makes the smallest policy for what was done so far.</summary>
    /// <returns>The policy being made.</returns>
    public static TrailPolicy Policy() => Policy(AwsCallLog.Current);

    /// <summary>Makes the smallest policy for the calls of a log.</summary>
    /// <param name="log">The log.</param>
    /// <returns>The policy being made.</returns>
    internal static TrailPolicy Policy(AwsCallLog log)
    {
        TrailPolicy policy = new();
        TrailEvent record = new();
        foreach (AwsCall call in log.Read())
        {
            record.Clear();
            record.Source = call.Service;
            record.Name = call.Service == "s3" ? SdkNames.GetValueOrDefault(call.Call, call.Call) : call.Call;
            foreach ((string name, string value) in call.Parameters)
            {
                record.Add(name, value);
            }

            policy.Add(record);
        }

        return policy;
    }
}
