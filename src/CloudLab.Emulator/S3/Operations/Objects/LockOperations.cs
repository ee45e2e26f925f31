using System.Xml.Linq;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Retention and legal hold of versions.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="lookup">Finds versions.</param>
/// <param name="time">The clock.</param>
internal sealed class LockOperations(S3Store store, S3Access access, ObjectLookup lookup, TimeProvider time)
{
    /// <summary>?retention of an object.</summary>
    public async Task RetentionAsync(S3Request request, S3Bucket bucket)
    {
        switch (request.Method)
        {
            case "GET":
                S3Object value = lookup.Peek(request, bucket, "s3:GetObjectRetention");
                ObjectLock.RequireLocks(bucket);
                ObjectRetention retention = value.Properties.Retention ?? throw NoLock();
                await request.RespondAsync(
                    new S3Xml("Retention").Add("Mode", retention.Mode).Add("RetainUntilDate", S3Xml.Time(retention.Until)));
                break;
            case "PUT":
                S3Object target = lookup.Peek(request, bucket, "s3:PutObjectRetention");
                ObjectLock.RequireLocks(bucket);
                await PutRetentionAsync(request, bucket, target);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, "OBJECT");
        }
    }

    /// <summary>?legal-hold of an object.</summary>
    public async Task LegalHoldAsync(S3Request request, S3Bucket bucket)
    {
        switch (request.Method)
        {
            case "GET":
                S3Object value = lookup.Peek(request, bucket, "s3:GetObjectLegalHold");
                ObjectLock.RequireLocks(bucket);
                bool held = value.Properties.LegalHold ?? throw NoLock();
                await request.RespondAsync(new S3Xml("LegalHold").Add("Status", held ? "ON" : "OFF"));
                break;
            case "PUT":
                S3Object target = lookup.Peek(request, bucket, "s3:PutObjectLegalHold");
                ObjectLock.RequireLocks(bucket);
                string? status = S3Xml.Text(S3Xml.Parse(await PayloadReceiver.ReceiveDocumentAsync(request), "LegalHold"), "Status");
                bool hold = status switch
                {
                    "ON" => true,
                    "OFF" => false,
                    _ => throw S3Exception.MalformedXml(),
                };
                store.Change(bucket, target, old => old with { Properties = old.Properties with { LegalHold = hold } });
                await request.RespondAsync(200);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, "OBJECT");
        }
    }

    private static S3Exception NoLock() => new(
        404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration");

    private async Task PutRetentionAsync(S3Request request, S3Bucket bucket, S3Object target)
    {
        XElement root = S3Xml.Parse(await PayloadReceiver.ReceiveDocumentAsync(request), "Retention");
        string? mode = S3Xml.Text(root, "Mode"), until = S3Xml.Text(root, "RetainUntilDate");
        if (mode is null != until is null || (mode is not null && !ObjectRetention.IsMode(mode)))
        {
            throw S3Exception.MalformedXml();
        }

        // An empty document takes the retention away.
        DateTimeOffset now = time.GetUtcNow();
        ObjectRetention? asked = mode is null ? null : ObjectLock.ToRetention(mode, until!, now);
        bool bypass = request.Headers.Get("x-amz-bypass-governance-retention")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        if (bypass)
        {
            access.RequireObject(request, "s3:BypassGovernanceRetention", bucket);
        }

        store.Change(bucket, target, old =>
        {
            // Who may not lift a lock may still make it longer.
            if (old.Properties.Retention is { } kept && kept.Until > now && (asked is null || asked.Until < kept.Until || asked.Mode != kept.Mode)
                && !(kept.Mode == ObjectRetention.Governance && (bypass || (asked?.Mode == ObjectRetention.Compliance && asked.Until >= kept.Until))))
            {
                throw S3Exception.AccessDenied("Access Denied because object protected by object lock.");
            }

            return old with { Properties = old.Properties with { Retention = asked } };
        });
        await request.RespondAsync(200);
    }
}
