namespace CloudLab.Core.Common.Errors;

/// <summary>What went wrong, in the terms that decide how a caller reacts.</summary>
public enum LabErrorKind
{
    /// <summary>Nothing more is known than the message.</summary>
    Unspecified,

    /// <summary>A parameter or setting makes no sense. Stops the command.</summary>
    InvalidArgument,

    /// <summary>One input item (a key, a document, a file) makes no sense; the other items go on.</summary>
    InvalidData,

    /// <summary>No credentials, or none that the service knows. Stops the command.</summary>
    AuthenticationFailed,

    /// <summary>The service could not be reached. Stops the command.</summary>
    ConnectionFailed,

    /// <summary>The caller is known and may not do this.</summary>
    AccessDenied,

    /// <summary>The thing named does not exist.</summary>
    NotFound,

    /// <summary>The thing named exists already.</summary>
    AlreadyExists,

    /// <summary>Somebody else's change, or a condition that was asked for, is in the way.</summary>
    Conflict,

    /// <summary>The service asks to slow down, or a quota is used up.</summary>
    LimitExceeded,

    /// <summary>The time allowed is over.</summary>
    Timeout,

    /// <summary>The service failed or answered what it should not.</summary>
    ServiceFailed,

    /// <summary>What arrived is not what was sent: a checksum or a length is wrong.</summary>
    Corrupted,

    /// <summary>A local file or folder cannot be read.</summary>
    ReadFailed,

    /// <summary>A local file or folder cannot be written.</summary>
    WriteFailed,

    /// <summary>The service, or this machine, does not do that.</summary>
    NotSupported,
}
