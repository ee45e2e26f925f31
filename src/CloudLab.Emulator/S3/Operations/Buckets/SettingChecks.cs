using System.Xml.Linq;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>What S3 asks of the settings whose only effect is that they are there.</summary>
internal static class SettingChecks
{
    /// <summary>A child that has to be there.</summary>
    /// <param name="parent">The parent.</param>
    /// <param name="name">Local name.</param>
    /// <returns>The child. Throws MalformedXML.</returns>
    public static XElement Child(XElement parent, string name) => S3Xml.Children(parent, name).FirstOrDefault() ?? throw S3Exception.MalformedXml();

    public static void Versioning(S3Store store, S3Bucket bucket, XElement root)
    {
        // Needs the owner's device in S3; here versions are deleted without.
        S3Xml.Children(root, "MfaDelete").Remove();
        string status = S3Xml.Text(root, "Status") ?? throw new S3Exception(
            400, "IllegalVersioningConfigurationException", "The Versioning element must be specified");
        if (status is not ("Enabled" or "Suspended"))
        {
            throw S3Exception.MalformedXml();
        }

        if (status == "Suspended" && bucket.Settings.LockEnabled)
        {
            throw new S3Exception(
                409, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.");
        }
    }

    public static void ObjectLock(S3Store store, S3Bucket bucket, XElement root)
    {
        DefaultRetention.Read(root);
        if (bucket.Settings.Versioning != BucketVersioning.Enabled)
        {
            throw new S3Exception(
                409, "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
        }
    }

    public static void Ownership(S3Store store, S3Bucket bucket, XElement root)
    {
        if (OwnershipControls.Read(root) == OwnershipControls.BucketOwnerEnforced && bucket.Settings.Grants is not null)
        {
            throw new S3Exception(
                400, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
        }
    }

    public static void Replication(S3Store store, S3Bucket bucket, XElement root)
    {
        Child(root, "Role");
        Child(root, "Rule");
        if (bucket.Settings.Versioning != BucketVersioning.Enabled)
        {
            throw S3Exception.InvalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration");
        }
    }

    public static void Accelerate(S3Store store, S3Bucket bucket, XElement root)
    {
        if (S3Xml.Text(root, "Status") is not ("Enabled" or "Suspended"))
        {
            throw S3Exception.MalformedXml();
        }

        if (bucket.Name.Contains('.', StringComparison.Ordinal))
        {
            throw S3Exception.InvalidRequest("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names");
        }
    }

    public static void RequestPayment(S3Store store, S3Bucket bucket, XElement root)
    {
        if (S3Xml.Text(root, "Payer") is not ("Requester" or "BucketOwner"))
        {
            throw S3Exception.MalformedXml();
        }
    }

    public static void Logging(S3Store store, S3Bucket bucket, XElement root)
    {
        if (S3Xml.Children(root, "LoggingEnabled").FirstOrDefault() is not { } logging)
        {
            return;
        }

        string target = Child(logging, "TargetBucket").Value;
        Child(logging, "TargetPrefix");
        if (store.Find(target) is null)
        {
            throw new S3Exception(
                400, "InvalidTargetBucketForLogging", "The target bucket for logging does not exist", ("TargetBucket", target));
        }
    }

    public static void Website(S3Store store, S3Bucket bucket, XElement root)
    {
        XElement? index = S3Xml.Children(root, "IndexDocument").FirstOrDefault();
        XElement? all = S3Xml.Children(root, "RedirectAllRequestsTo").FirstOrDefault();
        if (all is not null)
        {
            if (root.Elements().Count() > 1)
            {
                throw S3Exception.InvalidRequest("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
            }

            Child(all, "HostName");
            if (S3Xml.Text(all, "Protocol") is not (null or "http" or "https"))
            {
                throw S3Exception.InvalidRequest("Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.");
            }

            return;
        }

        string? suffix = index is null ? null : S3Xml.Text(index, "Suffix");
        if (string.IsNullOrEmpty(suffix))
        {
            throw S3Exception.InvalidArgument(
                "IndexDocument", "null", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty");
        }

        if (suffix.Contains('/', StringComparison.Ordinal))
        {
            throw S3Exception.InvalidArgument("IndexDocument", suffix, "The IndexDocument Suffix is not well formed");
        }

        if (S3Xml.Children(root, "ErrorDocument").FirstOrDefault() is { } error && S3Xml.Text(error, "Key") is null or "")
        {
            throw S3Exception.MalformedXml();
        }

        foreach (XElement rule in S3Xml.Children(root, "RoutingRules").SelectMany(rules => S3Xml.Children(rules, "RoutingRule")))
        {
            XElement redirect = Child(rule, "Redirect");
            if (S3Xml.Text(redirect, "ReplaceKeyWith") is not null && S3Xml.Text(redirect, "ReplaceKeyPrefixWith") is not null)
            {
                throw S3Exception.InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
            }
        }
    }
}
