using System.Globalization;
using System.Xml.Linq;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Restores of archived objects. What takes S3 hours takes the emulator a moment; the order of things is S3's.</summary>
/// <param name="store">The store.</param>
/// <param name="lookup">Finds versions.</param>
/// <param name="time">The clock.</param>
internal sealed class RestoreOperations(S3Store store, ObjectLookup lookup, TimeProvider time)
{
    /// <summary>POST ?restore.</summary>
    public async Task RestoreAsync(S3Request request, S3Bucket bucket)
    {
        S3Object target = lookup.Peek(request, bucket, "s3:RestoreObject");
        XElement root = S3Xml.Parse(await PayloadReceiver.ReceiveDocumentAsync(request), "RestoreRequest");
        if (S3Xml.Text(root, "Type") is not null)
        {
            throw S3Exception.NotImplemented("Type");
        }

        if (!Archive.Has(target.Properties.StorageClass))
        {
            throw new S3Exception(
                403, "InvalidObjectState", "Restore is not allowed for the object's current storage class", ("StorageClass", target.Properties.StorageClass));
        }

        string days = S3Xml.Text(root, "Days") ?? throw S3Exception.MalformedXml();
        if (!int.TryParse(days, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int count))
        {
            throw S3Exception.MalformedXml();
        }

        if (count <= 0)
        {
            throw S3Exception.InvalidArgument("Days", days, "restoration days should be at least 1");
        }

        string? tier = S3Xml.Children(root, "GlacierJobParameters").Select(parameters => S3Xml.Text(parameters, "Tier")).FirstOrDefault()
            ?? S3Xml.Text(root, "Tier");
        TimeSpan wait = Wait(tier ?? "Standard", target.Properties.StorageClass);
        DateTimeOffset now = time.GetUtcNow();
        bool again = false;
        store.Change(bucket, target, old =>
        {
            ObjectRestore? running = Archive.RestoreOf(old, now);
            if (running is not null && running.Ready > now)
            {
                throw new S3Exception(409, "RestoreAlreadyInProgress", "Object restore is already in progress");
            }

            // A copy that is there already is only kept for longer.
            again = running is not null;
            DateTimeOffset ready = running?.Ready ?? now + wait;
            DateTimeOffset end = now + wait + TimeSpan.FromDays(count + 1);
            return old with
            {
                Properties = old.Properties with { Restore = new ObjectRestore(ready, new DateTimeOffset(end.UtcDateTime.Date, TimeSpan.Zero)) },
            };
        });
        await request.RespondAsync(again ? 200 : 202);
    }

    private static TimeSpan Wait(string tier, string storageClass) => tier switch
    {
        "Expedited" when storageClass == "DEEP_ARCHIVE" => throw S3Exception.InvalidArgument(
            "Tier", tier, "Retrieval option is not supported by this storage class"),
        "Expedited" => TimeSpan.Zero,
        "Standard" => TimeSpan.FromSeconds(1),
        "Bulk" => TimeSpan.FromSeconds(2),
        _ => throw S3Exception.MalformedXml(),
    };
}
