using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Trails;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Identity.Trails;

/// <summary>Finds the files of a trail: on disk, or below a prefix of a bucket.</summary>
internal static class TrailInput
{
    /// <summary>Whether a place is in a bucket.</summary>
    /// <param name="place">Path or address.</param>
    /// <returns>True for <c>s3://…</c>.</returns>
    public static bool IsInBucket(string place) => ObjectName.Parse(place) is not null;

    /// <summary>Finds the files.</summary>
    /// <param name="places">Full paths of files and folders, or addresses such as <c>s3://trail/AWSLogs/</c>.</param>
    /// <param name="session">Session for what is in a bucket.</param>
    /// <param name="reporter">Hears of requests.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Files. Throws <see cref="LabException"/>.</returns>
    public static async IAsyncEnumerable<TrailSource> FindAsync(
        IEnumerable<string> places, Func<LabSession> session, IReporter reporter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (string place in places)
        {
            if (ObjectName.Parse(place) is not { } address)
            {
                foreach (TrailSource file in TrailSource.OfPath(place))
                {
                    yield return file;
                }

                continue;
            }

            ObjectStore store = new(new StorageClient(session(), reporter));
            bool any = false;
            await foreach (object item in store.ListAsync(new ObjectListing { Bucket = address.Bucket, Prefix = address.Key }, cancellation))
            {
                if (item is LabObject found && TrailSource.IsTrailFile(found.Key))
                {
                    any = true;
                    yield return new TrailSource(ObjectName.Uri(found.Bucket, found.Key), token => store.OpenAsync(found.Bucket, found.Key, token));
                }
            }

            if (!any)
            {
                throw new LabException(LabErrorKind.NotFound, "TrailEmpty", $"There are no CloudTrail files (*.json.gz) below {place}.") { Target = place };
            }
        }
    }
}
