@{
    # In this order: the loader resolves CloudLab.Core and its packages into a load context of their own, and loads what is compiled
    # ahead for the platform. A RootModule would be loaded before it.
    NestedModules          = @('CloudLab.Loader.dll', 'CloudLab.Cmdlets.dll')
    ModuleVersion          = '0.1.0'
    CompatiblePSEditions   = @('Core')
    GUID                   = '5b0a4c2e-6a0e-4b4f-9f63-2d7f0f6c1a7e'
    Author                 = 'The CloudLab authors'
    CompanyName            = 'CloudLab'
    Copyright              = 'Copyright (c) 2026 The CloudLab authors. MIT license.'
    Description            = 'One pipeline-friendly surface over S3, IAM and STS, Docker images and Kubernetes, plus the arithmetic behind autoscaling.'
    PowerShellVersion      = '7.6'
    FormatsToProcess       = @('CloudLab.format.ps1xml')
    TypesToProcess         = @('CloudLab.types.ps1xml')
    FunctionsToExport      = @()
    VariablesToExport      = @()
    # Every name stands here, so that discovery and auto-loading never load the module; a test compares.
    CmdletsToExport        = @(
        'Add-LabPolicyStatement'
        'Build-LabImage'
        'Compare-LabPolicy'
        'Connect-Lab'
        'Copy-LabObject'
        'Deploy-LabManifest'
        'Disconnect-Lab'
        'Find-LabAction'
        'Find-LabPrincipal'
        'Get-LabBucket'
        'Get-LabBucketCors'
        'Get-LabBucketEncryption'
        'Get-LabBucketLifecycle'
        'Get-LabBucketPolicy'
        'Get-LabBucketPublicAccessBlock'
        'Get-LabBucketTag'
        'Get-LabBucketVersioning'
        'Get-LabBucketWebsite'
        'Get-LabCallerIdentity'
        'Get-LabEmulator'
        'Get-LabImage'
        'Get-LabInstance'
        'Get-LabMultipartUpload'
        'Get-LabObject'
        'Get-LabObjectContent'
        'Get-LabObjectTag'
        'Get-LabResource'
        'Get-LabRole'
        'Get-LabSession'
        'Get-LabSessionToken'
        'Measure-HpaReplicas'
        'Measure-LabBucket'
        'Measure-LabPolicy'
        'Move-LabObject'
        'New-LabBucket'
        'New-LabObjectUrl'
        'New-LabPolicyDocument'
        'New-LabRole'
        'Receive-LabObject'
        'Remove-LabBucket'
        'Remove-LabBucketCors'
        'Remove-LabBucketEncryption'
        'Remove-LabBucketLifecycle'
        'Remove-LabBucketPolicy'
        'Remove-LabBucketPublicAccessBlock'
        'Remove-LabBucketTag'
        'Remove-LabBucketWebsite'
        'Remove-LabInstance'
        'Remove-LabManifest'
        'Remove-LabMultipartUpload'
        'Remove-LabObject'
        'Remove-LabObjectTag'
        'Remove-LabRole'
        'Resolve-LabAccessDenied'
        'Restore-LabObject'
        'Send-LabObject'
        'Set-LabBucketCors'
        'Set-LabBucketEncryption'
        'Set-LabBucketLifecycle'
        'Set-LabBucketPolicy'
        'Set-LabBucketPublicAccessBlock'
        'Set-LabBucketTag'
        'Set-LabBucketVersioning'
        'Set-LabBucketWebsite'
        'Set-LabInstance'
        'Set-LabObjectContent'
        'Set-LabObjectTag'
        'Start-LabEmulator'
        'Start-LabInstance'
        'Stop-LabEmulator'
        'Stop-LabInstance'
        'Sync-LabObject'
        'Test-LabBucket'
        'Test-LabPolicy'
        'Use-LabRole'
        'Wait-LabBucket'
        'Wait-LabInstance'
        'Wait-LabObject'
    )
    AliasesToExport        = @()
    PrivateData            = @{
        PSData = @{
            # ProjectUri is left out until the project has a public address.
            Tags                       = @('PSEdition_Core', 'Windows', 'Linux', 'MacOS', 'S3', 'AWS', 'IAM', 'STS', 'Docker', 'buildx', 'Kubernetes', 'HPA', 'Cloud')
            LicenseUri                 = 'https://opensource.org/license/mit'
            ReleaseNotes               = 'First version: S3 objects and buckets, IAM roles and STS, Docker images, Kubernetes manifests, the arithmetic of the horizontal pod autoscaler, and an emulator to try them on.'
            RequireLicenseAcceptance   = $false
            ExternalModuleDependencies = @()
        }
    }
}
