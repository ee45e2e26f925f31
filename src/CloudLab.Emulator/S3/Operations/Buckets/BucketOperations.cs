using System.Text;
using System.Xml.Linq;
using CloudLab.Emulator.S3.Operations.Objects;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>Buckets.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="region">Region of new buckets.</param>
/// <param name="time">The clock.</param>
internal sealed class BucketOperations(S3Store store, S3Access access, string region, TimeProvider time)
{
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
        Dictionary<string, string> documents = FirstDocuments(request);
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

            if (S3Xml.Children(root, "Tags").FirstOrDefault() is { } tags)
            {
                documents["tagging"] = Encoding.UTF8.GetString(Tags.ToDocument(Tags.FromElement(tags, ofBucket: true)).Finish());
            }
        }

        if (name == BucketNames.TakenByOthers)
        {
            throw new S3Exception(
                409, "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
                ("BucketName", name));
        }

        S3Bucket bucket = new(name, bucketRegion, time.GetUtcNow()) { Documents = documents };
        if (request.Headers.Get("x-amz-acl") is { } acl && acl != "private" && bucket.Settings.Ownership == OwnershipControls.BucketOwnerEnforced)
        {
            throw new S3Exception(400, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
        }

        if (AccessList.FromHeaders(request, bucket, access.OwnerId) is { } grants)
        {
            documents["acl"] = Encoding.UTF8.GetString(AccessList.ToDocument(grants, access.OwnerId).Finish());
            bucket.Documents = documents;
        }

        if (!store.Add(bucket))
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

    private static Dictionary<string, string> FirstDocuments(S3Request request)
    {
        Dictionary<string, string> documents = [];
        if (request.Headers.Get("x-amz-bucket-object-lock-enabled")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true)
        {
            documents["versioning"] = $"<VersioningConfiguration xmlns=\"{S3Xml.Namespace}\"><Status>Enabled</Status></VersioningConfiguration>";
            documents["object-lock"] =
                $"<ObjectLockConfiguration xmlns=\"{S3Xml.Namespace}\"><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
        }

        if (request.Headers.Get("x-amz-object-ownership") is { } ownership)
        {
            if (!OwnershipControls.IsKnown(ownership))
            {
                throw S3Exception.InvalidArgument("x-amz-object-ownership", ownership, "Invalid x-amz-object-ownership header: " + ownership);
            }

            documents["ownershipControls"] =
                $"<OwnershipControls xmlns=\"{S3Xml.Namespace}\"><Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule></OwnershipControls>";
        }

        return documents;
    }
}
