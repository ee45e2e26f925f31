using System.Text;
using System.Xml.Linq;
using CloudLab.Emulator.S3.Operations.Objects;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>Settings of buckets: documents that are checked, kept and given back.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="lists">Access control lists.</param>
internal sealed class SettingOperations(S3Store store, S3Access access, AclOperations lists)
{
    private const string TransitionSize = "x-amz-transition-default-minimum-object-size";

    /// <summary>Every setting by the query word that names it, and what S3 says where nothing was put.</summary>
    private static readonly Dictionary<string, Setting> Settings = new(StringComparer.Ordinal)
    {
        ["accelerate"] = new("AccelerateConfiguration", "AccelerateConfiguration", SettingChecks.Accelerate, Default: ""),
        ["cors"] = new(
            "CORSConfiguration", "BucketCORS", (_, _, root) => CorsRule.ReadAll(root),
            "NoSuchCORSConfiguration", "The CORS configuration does not exist", CanDelete: true),
        ["encryption"] = new(
            "ServerSideEncryptionConfiguration", "EncryptionConfiguration", (_, _, root) => DefaultEncryption.Read(root),
            Default: "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>",
            CanDelete: true),
        ["lifecycle"] = new(
            "LifecycleConfiguration", "LifecycleConfiguration", (_, _, root) => LifecycleRule.ReadAll(root),
            "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", CanDelete: true),
        ["logging"] = new("BucketLoggingStatus", "BucketLogging", SettingChecks.Logging, Default: ""),
        ["notification"] = new("NotificationConfiguration", "BucketNotification", (_, _, _) => { }, Default: ""),
        ["object-lock"] = new(
            "ObjectLockConfiguration", "BucketObjectLockConfiguration", SettingChecks.ObjectLock,
            "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"),
        ["ownershipControls"] = new(
            "OwnershipControls", "BucketOwnershipControls", SettingChecks.Ownership,
            "OwnershipControlsNotFoundError", "The bucket ownership controls were not found",
            "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>", CanDelete: true),
        ["publicAccessBlock"] = new(
            "PublicAccessBlockConfiguration", "BucketPublicAccessBlock", (_, _, root) => PublicAccessBlock.Read(root),
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", CanDelete: true),
        ["replication"] = new(
            "ReplicationConfiguration", "ReplicationConfiguration", SettingChecks.Replication,
            "ReplicationConfigurationNotFoundError", "The replication configuration was not found", CanDelete: true),
        ["requestPayment"] = new(
            "RequestPaymentConfiguration", "BucketRequestPayment", SettingChecks.RequestPayment, Default: "<Payer>BucketOwner</Payer>"),
        ["tagging"] = new(
            "Tagging", "BucketTagging", (_, _, root) => Tags.FromElement(SettingChecks.Child(root, "TagSet"), ofBucket: true),
            "NoSuchTagSet", "The TagSet does not exist", CanDelete: true),
        ["versioning"] = new("VersioningConfiguration", "BucketVersioning", SettingChecks.Versioning, Default: ""),
        ["website"] = new(
            "WebsiteConfiguration", "BucketWebsite", SettingChecks.Website,
            "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", CanDelete: true),
    };

    /// <summary>Answers what the query says of a bucket's settings.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <returns>The answer, or null where the query names no setting.</returns>
    public Task? Handle(S3Request request, S3Bucket bucket)
    {
        if (request.Has("location"))
        {
            access.RequireBucket(request, "s3:GetBucketLocation", bucket);
            return request.Method == "GET"
                ? request.RespondAsync(LocationDocument(bucket))
                : throw S3Exception.MethodNotAllowed(request.Method, "LOCATION");
        }

        if (request.Has("policy"))
        {
            return PolicyAsync(request, bucket);
        }

        if (request.Has("policyStatus"))
        {
            access.RequireBucket(request, "s3:GetBucketPolicyStatus", bucket);
            return bucket.Settings.Policy is not { } policy
                ? throw NoPolicy(bucket)
                : request.RespondAsync(new S3Xml("PolicyStatus").Add("IsPublic", PublicPolicy.Is(policy)));
        }

        if (request.Has("acl"))
        {
            return lists.OfBucketAsync(request, bucket);
        }

        string? name = request.QueryNames.FirstOrDefault(Settings.ContainsKey);
        return name is null ? null : HandleAsync(request, bucket, name, Settings[name]);
    }

    private static S3Xml LocationDocument(S3Bucket bucket)
    {
        S3Xml document = new("LocationConstraint");
        return bucket.Region == "us-east-1" ? document : document.AddText(bucket.Region);
    }

    private static S3Exception NoPolicy(S3Bucket bucket) =>
        new(404, "NoSuchBucketPolicy", "The bucket policy does not exist", ("BucketName", bucket.Name));

    private static string Get(S3Bucket bucket, string name, Setting setting) => bucket.Documents.GetValueOrDefault(name) switch
    {
        null when setting.Default is { } content =>
            $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{setting.Root} xmlns=\"{S3Xml.Namespace}\">{content}</{setting.Root}>",

        // A default that was deleted leaves an empty document.
        null or "" => throw new S3Exception(404, setting.MissingCode!, setting.MissingMessage!, ("BucketName", bucket.Name)),
        var text => text,
    };

    private async Task HandleAsync(S3Request request, S3Bucket bucket, string name, Setting setting)
    {
        access.RequireBucket(request, (request.Method == "GET" ? "s3:Get" : "s3:Put") + setting.Action, bucket);
        switch (request.Method)
        {
            case "GET":
                string text = Get(bucket, name, setting);
                if (name == "lifecycle")
                {
                    request.ExtraHeaders.Add(TransitionSize, bucket.Documents.GetValueOrDefault(TransitionSize) ?? "all_storage_classes_128K");
                }

                await request.RespondAsync(200, Encoding.UTF8.GetBytes(text), "application/xml");
                break;
            case "PUT":
                XElement root = S3Xml.Parse(await PayloadReceiver.ReceiveDocumentAsync(request), setting.Root);
                setting.Check(store, bucket, root);
                store.SetDocument(bucket, name, S3Xml.ToText(root));
                if (name == "lifecycle")
                {
                    string? size = request.Headers.Get(TransitionSize);
                    store.SetDocument(bucket, TransitionSize, size);
                    request.ExtraHeaders.Add(TransitionSize, size ?? "all_storage_classes_128K");
                }

                await request.RespondAsync(name == "tagging" ? 204 : 200);
                break;
            case "DELETE" when setting.CanDelete:
                store.SetDocument(bucket, name, setting is { Default: not null, MissingCode: not null } ? "" : null);
                await request.RespondAsync(204);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, name.ToUpperInvariant());
        }
    }

    private async Task PolicyAsync(S3Request request, S3Bucket bucket)
    {
        switch (request.Method)
        {
            case "GET":
                access.RequireBucket(request, "s3:GetBucketPolicy", bucket);
                string text = bucket.Documents.GetValueOrDefault("policy") ?? throw NoPolicy(bucket);
                await request.RespondAsync(200, Encoding.UTF8.GetBytes(text), "application/json");
                break;
            case "PUT":
                access.RequireBucket(request, "s3:PutBucketPolicy", bucket);
                string policy = Encoding.UTF8.GetString(await PayloadReceiver.ReceiveDocumentAsync(request));
                PublicPolicy.Check(bucket, policy);
                store.SetDocument(bucket, "policy", policy);
                await request.RespondAsync(204);
                break;
            case "DELETE":
                access.RequireBucket(request, "s3:DeleteBucketPolicy", bucket);
                store.SetDocument(bucket, "policy", null);
                await request.RespondAsync(204);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, "BUCKETPOLICY");
        }
    }

    /// <summary>A setting.</summary>
    /// <param name="Root">Root element of its document.</param>
    /// <param name="Action">The action without s3:Get and s3:Put.</param>
    /// <param name="Check">Throws where the document is no good; may complete it with what S3 adds.</param>
    /// <param name="MissingCode">Error where nothing was put.</param>
    /// <param name="MissingMessage">Message of that error.</param>
    /// <param name="Default">Content of the document where nothing was put, if that is no error.</param>
    /// <param name="CanDelete">Whether it can be deleted.</param>
    private sealed record Setting(
        string Root, string Action, Action<S3Store, S3Bucket, XElement> Check, string? MissingCode = null, string? MissingMessage = null,
        string? Default = null, bool CanDelete = false);
}
