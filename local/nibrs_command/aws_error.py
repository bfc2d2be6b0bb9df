"""What goes wrong with AWS, for whoever tells of it without boto3, which takes long to import."""


class AwsError(Exception):
    """AWS could not be asked, or does not have what was asked for."""
