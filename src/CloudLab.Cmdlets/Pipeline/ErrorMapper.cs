using System.Management.Automation;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>The one place where exceptions become error records.</summary>
internal static class ErrorMapper
{
    /// <summary>Maps an exception.</summary>
    /// <param name="problem">What Core, or .NET under it, threw.</param>
    /// <param name="target">The input it happened to, if the exception does not know better.</param>
    /// <returns>A record with stable id, category, target and advice.</returns>
    public static ErrorRecord ToRecord(Exception problem, object? target)
    {
        if (problem is not LabException lab)
        {
            return new ErrorRecord(problem, problem.GetType().Name, CategoryOf(problem), target);
        }

        ErrorRecord record = new(lab, lab.Code, CategoryOf(lab.Kind), lab.Target ?? target);
        if (lab.Advice is { } advice)
        {
            record.ErrorDetails = new ErrorDetails(lab.Message) { RecommendedAction = advice };
        }

        return record;
    }

    private static ErrorCategory CategoryOf(LabErrorKind kind) => kind switch
    {
        LabErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        LabErrorKind.InvalidData or LabErrorKind.Corrupted => ErrorCategory.InvalidData,
        LabErrorKind.AuthenticationFailed => ErrorCategory.AuthenticationError,
        LabErrorKind.ConnectionFailed => ErrorCategory.ConnectionError,
        LabErrorKind.AccessDenied => ErrorCategory.PermissionDenied,
        LabErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        LabErrorKind.AlreadyExists => ErrorCategory.ResourceExists,
        LabErrorKind.Conflict => ErrorCategory.InvalidOperation,
        LabErrorKind.LimitExceeded => ErrorCategory.LimitsExceeded,
        LabErrorKind.Timeout => ErrorCategory.OperationTimeout,
        LabErrorKind.ServiceFailed => ErrorCategory.ResourceUnavailable,
        LabErrorKind.ReadFailed => ErrorCategory.ReadError,
        LabErrorKind.WriteFailed => ErrorCategory.WriteError,
        LabErrorKind.NotSupported => ErrorCategory.NotImplemented,
        _ => ErrorCategory.NotSpecified,
    };

    private static ErrorCategory CategoryOf(Exception problem) => problem switch
    {
        UnauthorizedAccessException => ErrorCategory.PermissionDenied,
        FileNotFoundException or DirectoryNotFoundException => ErrorCategory.ObjectNotFound,
        IOException => ErrorCategory.WriteError,
        TimeoutException => ErrorCategory.OperationTimeout,
        ArgumentException => ErrorCategory.InvalidArgument,
        NotSupportedException => ErrorCategory.NotImplemented,
        _ => ErrorCategory.NotSpecified,
    };
}
