using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Sessions.Status;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>Whether S3 answers, and to whom.</summary>
public static class StorageStatus
{
    /// <summary>Checks S3 by listing buckets.</summary>
    /// <param name="session">The session.</param>
    /// <param name="reporter">Hears of the requests.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The status.</returns>
    public static Task<LabStatus> CheckAsync(LabSession session, IReporter reporter, TimeSpan limit, CancellationToken cancellation) =>
        new StatusCheck("S3", AwsStatus.Configure).RunAsync(
            limit,
            async (status, token) =>
            {
                status.Endpoint = StorageClient.EndpointOf(session);
                AwsStatus.Note(session.Aws, status);

                // Who may not list buckets may use those that they know by name.
                status.Judge = e => e.Code == "AccessDenied"
                    ? new StatusVerdict(LabStatusState.Denied, e.Message, "S3 answers: buckets whose names you know may be open to you. Resolve-LabAccessDenied explains a refusal.") : null;
                await using IAsyncEnumerator<LabBucket> buckets =
                    new BucketStore(new StorageClient(session, reporter)).ListAsync(cancellation: token).GetAsyncEnumerator(token);
                await buckets.MoveNextAsync();
            },
            cancellation);
}
