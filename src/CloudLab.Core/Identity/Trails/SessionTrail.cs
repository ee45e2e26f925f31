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

    /// <summary>Makes the smallest policy for what was done so far.</summary>
    /// <returns>The policy being made.</returns>
    public static TrailPolicy Policy()
    {
        TrailPolicy policy = new();
        TrailEvent record = new();
        foreach (AwsCall call in AwsCallLog.Current.Read())
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
