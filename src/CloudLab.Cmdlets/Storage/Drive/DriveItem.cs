namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>An entry of a folder.</summary>
/// <param name="Item">A LabBucket, LabPrefix or LabObject.</param>
/// <param name="Path">Its path below the folder that was listed, spelled.</param>
/// <param name="IsContainer">True for what has entries of its own.</param>
internal sealed record DriveItem(object Item, string Path, bool IsContainer);
