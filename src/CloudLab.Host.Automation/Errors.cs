using System.Collections;

namespace System.Management.Automation;

public class ErrorRecord
{
    private readonly string errorId;

    public ErrorRecord(Exception exception, string errorId, ErrorCategory errorCategory, object? targetObject)
    {
        ArgumentNullException.ThrowIfNull(exception);
        Exception = exception;
        this.errorId = errorId;
        TargetObject = targetObject;
        CategoryInfo = new ErrorCategoryInfo(errorCategory, exception.GetType().Name, targetObject);
    }

    public ErrorRecord(ErrorRecord errorRecord, Exception? replaceParentContainsErrorRecordException)
        : this(replaceParentContainsErrorRecordException ?? errorRecord.Exception, errorRecord.errorId, errorRecord.CategoryInfo.Category, errorRecord.TargetObject)
    {
        ErrorDetails = errorRecord.ErrorDetails;
        InvocationInfo = errorRecord.InvocationInfo;
    }

    public Exception Exception { get; }

    public object? TargetObject { get; }

    public ErrorCategoryInfo CategoryInfo { get; }

    public ErrorDetails? ErrorDetails { get; set; }

    public InvocationInfo? InvocationInfo { get; set; }

    /// <summary>The id, a comma and, as in PowerShell, the class of the command that wrote the record.</summary>
    public string FullyQualifiedErrorId => CommandType is null ? errorId : errorId + "," + CommandType;

    /// <summary>Full name of the cmdlet's class; whoever runs the cmdlet sets it.</summary>
    public string? CommandType { get; set; }

    public override string ToString() => ErrorDetails?.Message is { Length: > 0 } message ? message : Exception.Message;
}

public class ErrorDetails(string message)
{
    public string Message { get; } = message;

    public string? RecommendedAction { get; set; }

    public override string ToString() => Message;
}

public class ErrorCategoryInfo(ErrorCategory category, string reason, object? target)
{
    public ErrorCategory Category { get; } = category;

    public string Activity { get; set; } = "";

    public string Reason { get; set; } = reason;

    public string TargetName { get; set; } = target?.ToString() ?? "";

    public string TargetType { get; set; } = target?.GetType().Name ?? "";

    public override string ToString() => $"{Category}: ({TargetName}:{TargetType}) [{Activity}], {Reason}";
}

public enum ErrorCategory
{
    NotSpecified,
    OpenError,
    CloseError,
    DeviceError,
    DeadlockDetected,
    InvalidArgument,
    InvalidData,
    InvalidOperation,
    InvalidResult,
    InvalidType,
    MetadataError,
    NotImplemented,
    NotInstalled,
    ObjectNotFound,
    OperationStopped,
    OperationTimeout,
    SyntaxError,
    ParserError,
    PermissionDenied,
    ResourceBusy,
    ResourceExists,
    ResourceUnavailable,
    ReadError,
    WriteError,
    FromStdErr,
    SecurityError,
    ProtocolError,
    ConnectionError,
    AuthenticationError,
    LimitsExceeded,
    QuotaExceeded,
    NotEnabled,
}

public interface IContainsErrorRecord
{
    ErrorRecord ErrorRecord { get; }
}

public class RuntimeException : SystemException, IContainsErrorRecord
{
    private readonly ErrorRecord? given;

    public RuntimeException()
    {
    }

    public RuntimeException(string? message)
        : base(message)
    {
    }

    public RuntimeException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }

    public RuntimeException(string? message, Exception? innerException, ErrorRecord? errorRecord)
        : base(message, innerException) => given = errorRecord;

    public virtual ErrorRecord ErrorRecord => given ?? new ErrorRecord(this, GetType().Name, ErrorCategory.NotSpecified, null);
}

/// <summary>The pipeline wants no more: Ctrl+C, or the command after this one has seen enough.</summary>
public class PipelineStoppedException : RuntimeException
{
    public PipelineStoppedException()
        : base("The pipeline has been stopped.")
    {
    }

    public PipelineStoppedException(string message)
        : base(message)
    {
    }

    public PipelineStoppedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A terminating error on its way to whoever runs the cmdlet.</summary>
public class CmdletInvocationException : RuntimeException
{
    public CmdletInvocationException()
    {
    }

    public CmdletInvocationException(string message)
        : base(message)
    {
    }

    public CmdletInvocationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public CmdletInvocationException(ErrorRecord errorRecord)
        : base(errorRecord.ToString(), errorRecord.Exception, errorRecord)
    {
    }
}

/// <summary>-ErrorAction Stop turned a non-terminating error into a terminating one.</summary>
public class ActionPreferenceStopException : RuntimeException
{
    public ActionPreferenceStopException()
    {
    }

    public ActionPreferenceStopException(string message)
        : base(message)
    {
    }

    public ActionPreferenceStopException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public ActionPreferenceStopException(ErrorRecord errorRecord)
        : base(errorRecord.ToString(), errorRecord.Exception, errorRecord)
    {
    }
}

public class ParameterBindingException : RuntimeException
{
    private readonly string id = nameof(ParameterBindingException);
    private readonly ErrorCategory category = ErrorCategory.InvalidArgument;

    public ParameterBindingException()
    {
    }

    public ParameterBindingException(string message)
        : base(message)
    {
    }

    public ParameterBindingException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    public ParameterBindingException(string id, string? parameter, string message, Exception? innerException = null)
        : base(message, innerException) => (this.id, ParameterName) = (id, parameter);

    public string? ParameterName { get; }

    public string ErrorId => id;

    public override ErrorRecord ErrorRecord => new(this, id, category, ParameterName);
}

public class MetadataException : RuntimeException
{
    public MetadataException()
    {
    }

    public MetadataException(string message)
        : base(message)
    {
    }

    public MetadataException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class ValidationMetadataException : MetadataException
{
    public ValidationMetadataException()
    {
    }

    public ValidationMetadataException(string message)
        : base(message)
    {
    }

    public ValidationMetadataException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class ArgumentTransformationMetadataException : MetadataException
{
    public ArgumentTransformationMetadataException()
    {
    }

    public ArgumentTransformationMetadataException(string message)
        : base(message)
    {
    }

    public ArgumentTransformationMetadataException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class SessionStateException : RuntimeException
{
    public SessionStateException()
    {
    }

    public SessionStateException(string message)
        : base(message)
    {
    }

    public SessionStateException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class ItemNotFoundException : SessionStateException
{
    public ItemNotFoundException()
    {
    }

    public ItemNotFoundException(string message)
        : base(message)
    {
    }

    public ItemNotFoundException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class DriveNotFoundException : SessionStateException
{
    public DriveNotFoundException()
    {
    }

    public DriveNotFoundException(string message)
        : base(message)
    {
    }

    public DriveNotFoundException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class ProviderNotFoundException : SessionStateException
{
    public ProviderNotFoundException()
    {
    }

    public ProviderNotFoundException(string message)
        : base(message)
    {
    }

    public ProviderNotFoundException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class PSInvalidCastException : InvalidCastException
{
    public PSInvalidCastException()
    {
    }

    public PSInvalidCastException(string message)
        : base(message)
    {
    }

    public PSInvalidCastException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

public class PSArgumentException : ArgumentException
{
    public PSArgumentException()
    {
    }

    public PSArgumentException(string message)
        : base(message)
    {
    }

    public PSArgumentException(string message, string paramName)
        : base(message, paramName)
    {
    }

    public PSArgumentException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public class PSInvalidOperationException : InvalidOperationException
{
    public PSInvalidOperationException()
    {
    }

    public PSInvalidOperationException(string message)
        : base(message)
    {
    }

    public PSInvalidOperationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
