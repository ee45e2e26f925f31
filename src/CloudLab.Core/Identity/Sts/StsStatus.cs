using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Sessions.Status;

namespace CloudLab.Core.Identity.Sts;

/// <summary>Whether STS answers, and whom it takes the caller for.</summary>
public static class StsStatus
{
    /// <summary>Checks STS by asking for the caller's identity.</summary>
    /// <param name="session">The session.</param>
    /// <param name="reporter">Hears of the requests.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The status.</returns>
    public static Task<LabStatus> CheckAsync(LabSession session, IReporter reporter, TimeSpan limit, CancellationToken cancellation) =>
        new StatusCheck("STS", AwsStatus.Configure).RunAsync(
            limit,
            async (status, token) =>
            {
                status.Endpoint = session.Aws.ServiceUrl("STS");
                AwsStatus.Note(session.Aws, status);
                bool own = session.Aws.Endpoint("STS") is not null;

                // Many servers of S3 have no STS, or one that says nobody's identity.
                status.Judge = e => own && e.Kind is LabErrorKind.NotSupported or LabErrorKind.NotFound or LabErrorKind.InvalidData
                    ? new StatusVerdict(LabStatusState.Warning, e.Message, "The server has no STS that says who you are; S3 does not need it.") : null;
                LabCallerIdentity caller = await new CallerStore(new IdentityClient(session, reporter)).GetIdentityAsync(token);
                status.Identity = caller.Arn;
            },
            cancellation);
}
