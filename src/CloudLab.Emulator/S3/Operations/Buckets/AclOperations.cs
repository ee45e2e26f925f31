using CloudLab.Emulator.S3.Operations.Objects;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>Access control lists of buckets and objects.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="lookup">Finds versions.</param>
internal sealed class AclOperations(S3Store store, S3Access access, ObjectLookup lookup)
{
    /// <summary>?acl of an object.</summary>
    public async Task OfObjectAsync(S3Request request, S3Bucket bucket)
    {
        switch (request.Method)
        {
            case "GET":
                S3Object value = lookup.Peek(request, bucket, "s3:GetObjectAcl");
                await request.RespondAsync(AccessList.ToDocument(value.Properties.Grants, access.OwnerId));
                break;
            case "PUT":
                S3Object target = lookup.Peek(request, bucket, "s3:PutObjectAcl");
                IReadOnlyList<AccessGrant>? grants = await ReadAsync(request, bucket);
                store.Change(bucket, target, old => old with { Properties = old.Properties with { Grants = grants } });
                await request.RespondAsync(200);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, "OBJECT");
        }
    }

    /// <summary>?acl of a bucket.</summary>
    public async Task OfBucketAsync(S3Request request, S3Bucket bucket)
    {
        switch (request.Method)
        {
            case "GET":
                access.RequireBucket(request, "s3:GetBucketAcl", bucket);
                await request.RespondAsync(AccessList.ToDocument(bucket.Settings.Grants, access.OwnerId));
                break;
            case "PUT":
                access.RequireBucket(request, "s3:PutBucketAcl", bucket);
                IReadOnlyList<AccessGrant>? grants = await ReadAsync(request, bucket);
                store.SetDocument(
                    bucket, "acl", grants is null ? null : System.Text.Encoding.UTF8.GetString(AccessList.ToDocument(grants, access.OwnerId).Finish()));
                await request.RespondAsync(200);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, "BUCKET");
        }
    }

    private async Task<IReadOnlyList<AccessGrant>?> ReadAsync(S3Request request, S3Bucket bucket)
    {
        byte[] body = await PayloadReceiver.ReceiveDocumentAsync(request);
        return body.Length > 0
            ? AccessList.FromDocument(S3Xml.Parse(body, "AccessControlPolicy"), bucket, access.OwnerId)
            : AccessList.FromHeaders(request, bucket, access.OwnerId);
    }
}
