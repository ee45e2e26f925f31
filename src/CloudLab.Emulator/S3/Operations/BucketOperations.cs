using System.Text;
using System.Xml.Linq;
using CloudLab.Core.Errors;
using CloudLab.Core.Identity;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations;

/// <summary>Buckets and their settings.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="region">Region of new buckets.</param>
/// <param name="time">The clock.</param>
internal sealed class BucketOperations(S3Store store, S3Access access, string region, TimeProvider time)
{
    /// <summary>Settings that are kept as they are put, and what S3 says where nothing was put.</summary>
    private static readonly Dictionary<string, StoredSetting> Settings = new(StringComparer.Ordinal)
    {
        ["accelerate"] = new("AccelerateConfiguration", "AccelerateConfiguration", Default: ""),
        ["cors"] = new("CORSConfiguration", "BucketCORS", "NoSuchCORSConfiguration", "The CORS configuration does not exist"),
        ["encryption"] = new(
            "ServerSideEncryptionConfiguration", "EncryptionConfiguration",
            Default: "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"),
        ["lifecycle"] = new("LifecycleConfiguration", "LifecycleConfiguration", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
        ["logging"] = new("BucketLoggingStatus", "BucketLogging", Default: ""),
        ["notification"] = new("NotificationConfiguration", "BucketNotification", Default: ""),
        ["object-lock"] = new("ObjectLockConfiguration", "BucketObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"),
        ["ownershipControls"] = new("OwnershipControls", "BucketOwnershipControls", Default: "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"),
        ["publicAccessBlock"] = new(
            "PublicAccessBlockConfiguration", "BucketPublicAccessBlock",
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"),
        ["replication"] = new("ReplicationConfiguration", "ReplicationConfiguration", "ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
        ["requestPayment"] = new("RequestPaymentConfiguration", "BucketRequestPayment", Default: "<Payer>BucketOwner</Payer>"),
        ["tagging"] = new("Tagging", "BucketTagging", "NoSuchTagSet", "The TagSet does not exist"),
        ["versioning"] = new("VersioningConfiguration", "BucketVersioning", Default: ""),
        ["website"] = new("WebsiteConfiguration", "BucketWebsite", "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
    };

    /// <summary>GET /: all buckets.</summary>
    public Task ListAsync(S3Request request)
    {
        access.Require(request, "s3:ListAllMyBuckets", "arn:aws:s3:::*", null);
        int max = request.QueryNumber("max-buckets", 10000, 10000);
        string prefix = request.Query("prefix") ?? "", after = request.Query("continuation-token") ?? "";
        S3Bucket[] matching = store.List()
            .Where(bucket => bucket.Name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(bucket.Name, after) > 0)
            .Take(max + 1).ToArray();
        S3Xml document = new S3Xml("ListAllMyBucketsResult").AddOwner("Owner", access.OwnerId).Open("Buckets");
        foreach (S3Bucket bucket in matching.Take(max))
        {
            document.Open("Bucket").Add("Name", bucket.Name).Add("CreationDate", S3Xml.Time(bucket.Created)).Add("BucketRegion", bucket.Region)
                .Add("BucketArn", S3Access.BucketArn(bucket.Name)).Close();
        }

        document.Close();
        if (matching.Length > max && max > 0)
        {
            document.Add("ContinuationToken", matching[max - 1].Name);
        }

        return request.RespondAsync(request.Has("prefix") ? document.Add("Prefix", prefix) : document);
    }

    /// <summary>PUT of a bucket.</summary>
    public async Task CreateAsync(S3Request request)
    {
        string name = request.Bucket;
        if (!BucketNames.IsValid(name))
        {
            throw new S3Exception(400, "InvalidBucketName", "The specified bucket is not valid.", ("BucketName", name));
        }

        access.Require(request, "s3:CreateBucket", S3Access.BucketArn(name), null);
        byte[] body = await PayloadReceiver.ReceiveDocumentAsync(request);
        string bucketRegion = region;
        if (body.Length > 0)
        {
            XElement root = S3Xml.Parse(body, "CreateBucketConfiguration");
            if (S3Xml.Text(root, "LocationConstraint") is { Length: > 0 } asked)
            {
                bucketRegion = asked switch
                {
                    "EU" => "eu-west-1",
                    "us-east-1" => throw new S3Exception(
                        400, "InvalidLocationConstraint", "The specified location-constraint is not valid", ("LocationConstraint", asked)),
                    _ => asked,
                };
            }
        }

        if (request.Headers.Get("x-amz-acl") is { } acl && acl != "private")
        {
            throw new S3Exception(400, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
        }

        if (name == BucketNames.TakenByOthers)
        {
            throw new S3Exception(
                409, "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
                ("BucketName", name));
        }

        if (!store.Add(new S3Bucket(name, bucketRegion, time.GetUtcNow())))
        {
            throw new S3Exception(
                409, "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.", ("BucketName", name));
        }

        request.ExtraHeaders.Add("Location", "/" + name);
        request.ExtraHeaders.Add("x-amz-bucket-arn", S3Access.BucketArn(name));
        await request.RespondAsync(200);
    }

    /// <summary>HEAD of a bucket.</summary>
    public Task HeadAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireBucket(request, "s3:ListBucket", bucket);
        request.ExtraHeaders.Add("x-amz-bucket-region", bucket.Region);
        request.ExtraHeaders.Add("x-amz-bucket-arn", S3Access.BucketArn(bucket.Name));
        request.ExtraHeaders.Add("x-amz-access-point-alias", "false");
        request.ExtraHeaders.Add("Content-Type", "application/xml");
        return request.RespondAsync(200);
    }

    /// <summary>DELETE of a bucket.</summary>
    public Task DeleteAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireBucket(request, "s3:DeleteBucket", bucket);
        store.Remove(bucket);
        return request.RespondAsync(204);
    }

    /// <summary>Answers what the query says of a bucket's settings.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <returns>The answer, or null where the query names no setting.</returns>
    public Task? Setting(S3Request request, S3Bucket bucket)
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
            return bucket.Policy is null
                ? throw NoPolicy(bucket)
                : request.RespondAsync(new S3Xml("PolicyStatus").Add("IsPublic", false));
        }

        if (request.Has("acl"))
        {
            access.RequireBucket(request, request.Method == "PUT" ? "s3:PutBucketAcl" : "s3:GetBucketAcl", bucket);
            return AclDocument.AnswerAsync(request, access.OwnerId, "BUCKET");
        }

        string? name = request.QueryNames.FirstOrDefault(Settings.ContainsKey);
        return name is null ? null : SettingAsync(request, bucket, name, Settings[name]);
    }

    private static S3Xml LocationDocument(S3Bucket bucket)
    {
        S3Xml document = new("LocationConstraint");
        return bucket.Region == "us-east-1" ? document : document.AddText(bucket.Region);
    }

    private static S3Exception NoPolicy(S3Bucket bucket) =>
        new(404, "NoSuchBucketPolicy", "The bucket policy does not exist", ("BucketName", bucket.Name));

    private async Task SettingAsync(S3Request request, S3Bucket bucket, string name, StoredSetting setting)
    {
        access.RequireBucket(request, (request.Method == "GET" ? "s3:Get" : "s3:Put") + setting.Action, bucket);
        switch (request.Method)
        {
            case "GET":
                string text = bucket.Documents.GetValueOrDefault(name) ?? (setting.Default is { } content
                    ? $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{setting.Root} xmlns=\"{S3Xml.Namespace}\">{content}</{setting.Root}>"
                    : throw new S3Exception(404, setting.MissingCode!, setting.MissingMessage!, ("BucketName", bucket.Name)));
                await request.RespondAsync(200, Encoding.UTF8.GetBytes(text), "application/xml");
                break;
            case "PUT":
                byte[] body = await PayloadReceiver.ReceiveDocumentAsync(request);
                S3Xml.Parse(body, setting.Root);
                if (name == "tagging")
                {
                    Tags.FromDocument(body, ofBucket: true);
                }

                store.SetDocument(bucket, name, Encoding.UTF8.GetString(body));
                await request.RespondAsync(name == "tagging" ? 204 : 200);
                break;
            case "DELETE":
                store.SetDocument(bucket, name, null);
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
                CheckPolicy(policy);
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

    private static void CheckPolicy(string text)
    {
        try
        {
            PolicyDocument.Parse(text, PolicyKind.Resource);
        }
        catch (LabException e)
        {
            throw new S3Exception(400, "MalformedPolicy", e.Message);
        }
    }

    /// <summary>One of the settings that are kept as they are put.</summary>
    /// <param name="Root">Root element of its document.</param>
    /// <param name="Action">The action without s3:Get and s3:Put.</param>
    /// <param name="MissingCode">Error where nothing was put.</param>
    /// <param name="MissingMessage">Message of that error.</param>
    /// <param name="Default">Content of the document where nothing was put, if that is no error.</param>
    private sealed record StoredSetting(string Root, string Action, string? MissingCode = null, string? MissingMessage = null, string? Default = null);
}
