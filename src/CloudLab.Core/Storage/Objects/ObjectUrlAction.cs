namespace CloudLab.Core.Storage.Objects;

/// <summary>What a presigned URL is good for.</summary>
public enum ObjectUrlAction
{
    /// <summary>Reads the object (GET).</summary>
    Get,

    /// <summary>Reads its metadata (HEAD).</summary>
    Head,

    /// <summary>Writes the object (PUT).</summary>
    Put,

    /// <summary>Deletes the object (DELETE).</summary>
    Delete,

    /// <summary>Sends one part of an upload (PUT).</summary>
    UploadPart,

    /// <summary>Makes the object of the parts (POST, with the list of the parts' numbers and ETags as its body).</summary>
    CompleteUpload,

    /// <summary>Gives the upload up and deletes its parts (DELETE).</summary>
    AbortUpload,
}
