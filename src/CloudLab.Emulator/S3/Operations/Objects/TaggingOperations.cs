using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Tags of objects.</summary>
/// <param name="store">The store.</param>
/// <param name="lookup">Finds versions.</param>
internal sealed class TaggingOperations(S3Store store, ObjectLookup lookup)
{
    /// <summary>?tagging of an object.</summary>
    public async Task HandleAsync(S3Request request, S3Bucket bucket)
    {
        switch (request.Method)
        {
            case "GET":
                S3Object value = lookup.Peek(request, bucket, "s3:GetObjectTagging");
                await request.RespondAsync(Tags.ToDocument(value.Properties.Tags));
                break;
            case "PUT":
                S3Object target = lookup.Peek(request, bucket, "s3:PutObjectTagging");
                Set(bucket, target, Tags.FromDocument(await PayloadReceiver.ReceiveDocumentAsync(request), ofBucket: false));
                await request.RespondAsync(200);
                break;
            case "DELETE":
                Set(bucket, lookup.Peek(request, bucket, "s3:DeleteObjectTagging"), []);
                await request.RespondAsync(204);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, "OBJECT");
        }
    }

    private void Set(S3Bucket bucket, S3Object target, IReadOnlyList<KeyValuePair<string, string>> tags) =>
        store.Change(bucket, target, old => old with { Properties = old.Properties with { Tags = tags } });
}
